/** The curve of a programme in one night, and its shape on the screen. */
import { type Axis, xOf } from "./axis";
import { minutesOf, momentIn } from "./localTime";
import type { CurvePoint, Programme, Step, SunEvent } from "./types";

/** What a night is made of; UTC in ms. The sun's are `null` together. */
export interface Sky {
  night: string;
  zone: string;
  sun: Record<SunEvent, number | null>;
}

export interface Point {
  at: number;
  level: number;
  ramp_s: number;
}

const MINUTE_MS = 60_000;

function withinLimits(at: number, step: Step, sky: Sky): number {
  const earliest = step.not_before === null ? at : Math.max(at, momentIn(sky.night, minutesOf(step.not_before), sky.zone));
  return step.not_after === null ? earliest : Math.min(earliest, momentIn(sky.night, minutesOf(step.not_after), sky.zone));
}

/** When a step comes; `null` in a night without darkness. */
export function momentOf(step: Step, sky: Sky): number | null {
  if (step.at !== null) return momentIn(sky.night, minutesOf(step.at), sky.zone);
  const event = step.sun === null ? null : sky.sun[step.sun];
  return event === null ? null : withinLimits(event + step.offset_min * MINUTE_MS, step, sky);
}

/** As `curve` of rules/nights.py, so that a drag is seen at once: a point for every step, none where the sun does not set.
 * A step that would come before an earlier one comes with it. */
export function resolved(programme: Programme, sky: Sky): Point[] {
  if (sky.sun.sunset === null) return [];
  const points: Point[] = [];
  let reached = Number.NEGATIVE_INFINITY;
  for (const step of programme.steps) {
    reached = Math.max(reached, momentOf(step, sky) ?? reached);
    points.push({ at: reached, level: step.level, ramp_s: step.ramp_s });
  }
  return points;
}

export function pointsOf(points: readonly CurvePoint[]): Point[] {
  return points.map(({ at, level, ramp_s }) => ({ at: Date.parse(at), level, ramp_s }));
}

/** A level of a step on the screen: a horizontal line from `x0` to `x1`, `step` counted as in the programme. */
export interface Tread {
  step: number;
  level: number;
  start: number;
  x0: number;
  x1: number;
  y: number;
}

export interface Shape {
  line: string;
  area: string;
  treads: Tread[];
}

export interface Frame {
  axis: Axis;
  width: number;
  /** y of 0 % and of 100 %. */
  base: number;
  top: number;
}

export function yOf(frame: Frame, level: number): number {
  return frame.base - (level / 100) * (frame.base - frame.top);
}

export function levelAt(frame: Frame, y: number): number {
  return ((frame.base - y) / (frame.base - frame.top)) * 100;
}

function tread(points: readonly Point[], index: number, frame: Frame): Tread[] {
  const point = points[index];
  if (point === undefined) return [];
  const next = points[index + 1]?.at ?? frame.axis.until;
  const flat = Math.min(point.at + point.ramp_s * 1000, next);
  const x = (at: number): number => xOf(frame.axis, at, frame.width);
  return [{ step: index, level: point.level, start: x(point.at), x0: x(flat), x1: x(next), y: yOf(frame, point.level) }];
}

const digits = (value: number): string => value.toFixed(1).replace(/\.0$/, "");

/** Dark until the first step; each step holds until the next, and is reached along its ramp. */
export function shapeOf(points: readonly Point[], frame: Frame): Shape {
  const treads = points.flatMap((_, index) => tread(points, index, frame));
  const corners = treads.flatMap(({ start, x0, x1, y }, index) => [
    `L${digits(start)} ${digits(treads[index - 1]?.y ?? frame.base)}`,
    `L${digits(x0)} ${digits(y)}`,
    `L${digits(x1)} ${digits(y)}`,
  ]);
  const line = `M0 ${digits(frame.base)}${corners.join("")}${treads.length === 0 ? `L${digits(frame.width)} ${digits(frame.base)}` : ""}`;
  return { line, area: `${line}L${digits(frame.width)} ${digits(frame.base)}Z`, treads };
}

/** The level at a moment, without its ramp. */
export function levelOf(points: readonly Point[], at: number): number {
  return points.findLast((point) => point.at <= at)?.level ?? 0;
}
