/** The time axis under the curves: a stretch of the night, whole hours of the city's clock on it. */
import { minutesAt, momentIn } from "./localTime";

export interface Axis {
  /** UTC, ms. */
  from: number;
  until: number;
  ticks: number[];
}

const QUARTER_MS = 900_000;
const HOUR_MS = 3_600_000;
const FIRST = 16 * 60 + 30; // local, as in the sketch: room before 17:00 and after 06:30
const LAST = 6 * 60 + 45;

function wholeHours(from: number, until: number, zone: string): number[] {
  const ticks: number[] = [];
  for (let at = Math.ceil(from / QUARTER_MS) * QUARTER_MS; at <= until; at += QUARTER_MS)
    if (minutesAt(at, zone) % 60 === 0) ticks.push(at);
  return ticks;
}

/** 16:30 to 06:45, and more where `shown` (UTC, ms) needs it, never past noon. */
export function axisOf(night: string, zone: string, shown: readonly number[]): Axis {
  const noon = momentIn(night, 12 * 60, zone);
  const nextNoon = momentIn(night, 12 * 60 - 1, zone) + 60_000;
  const early = Math.min(momentIn(night, FIRST, zone), ...shown.map((at) => at - QUARTER_MS));
  const late = Math.max(momentIn(night, LAST, zone), ...shown.map((at) => at + QUARTER_MS));
  const from = Math.max(noon, Math.floor(early / QUARTER_MS) * QUARTER_MS);
  const until = Math.min(nextNoon, Math.ceil(late / QUARTER_MS) * QUARTER_MS);
  return { from, until, ticks: wholeHours(from, until, zone) };
}

export function xOf(axis: Axis, at: number, width: number): number {
  const share = (at - axis.from) / (axis.until - axis.from);
  return Math.min(1, Math.max(0, share)) * width;
}

export function atX(axis: Axis, x: number, width: number): number {
  return axis.from + (Math.min(width, Math.max(0, x)) / width) * (axis.until - axis.from);
}

/** Every how many hours a label fits, in `width` pixels. */
export function labelEvery(axis: Axis, width: number): number {
  const pixels = (width * HOUR_MS) / (axis.until - axis.from);
  const fits = [1, 2, 3, 6].find((hours) => hours * pixels >= 44);
  return fits ?? 6;
}
