/** What a drag, or a press of a key, makes of a step: times in whole five minutes, levels in steps of five. */
import { type Point, type Sky, momentOf, resolved } from "./curve";
import { minutesAt, timeOf, written } from "./localTime";
import type { Programme, Step } from "./types";

const MINUTE_MS = 60_000;
export const GRID_MIN = 5;
export const GRID_LEVEL = 5;
const FURTHEST_MIN = 180;

const onGrid = (value: number, grid: number): number => Math.round(value / grid) * grid;
const within = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

export function snappedLevel(level: number): number {
  return within(onGrid(level, GRID_LEVEL), 0, 100);
}

const timeOnGrid = (at: number, sky: Sky): string => written(timeOf(onGrid(minutesAt(at, sky.zone), GRID_MIN)));

/** Between its neighbours, one grid step away from each. */
function betweenNeighbours(at: number, index: number, points: readonly Point[]): number {
  const low = (points[index - 1]?.at ?? Number.NEGATIVE_INFINITY) + GRID_MIN * MINUTE_MS;
  const high = (points[index + 1]?.at ?? Number.POSITIVE_INFINITY) - GRID_MIN * MINUTE_MS;
  return low > high ? (points[index]?.at ?? at) : within(at, low, high);
}

/** The step at about `at`: a local time moves, a step that follows the sun gets another offset. */
export function movedTo(step: Step, at: number, sky: Sky): Step {
  if (step.sun === null) return { ...step, at: timeOnGrid(at, sky) };
  const event = sky.sun[step.sun];
  if (event === null) return step;
  return { ...step, offset_min: within(onGrid((at - event) / MINUTE_MS, GRID_MIN), -FURTHEST_MIN, FURTHEST_MIN) };
}

/** Steps change places neither by drag nor by key: the one that is moved stops before the next. */
export function dragged(programme: Programme, index: number, at: number, sky: Sky): Programme {
  const [points, step] = [resolved(programme, sky), programme.steps[index]];
  if (points.length === 0 || step === undefined) return programme;
  const moved = movedTo(step, betweenNeighbours(at, index, points), sky);
  const now = momentOf(moved, sky);
  const overlaps = now !== null && betweenNeighbours(now, index, points) !== now && points.length > 1;
  return overlaps ? programme : { ...programme, steps: programme.steps.with(index, moved) };
}

export function levelled(programme: Programme, index: number, level: number): Programme {
  const step = programme.steps[index];
  return step === undefined ? programme : { ...programme, steps: programme.steps.with(index, { ...step, level: snappedLevel(level) }) };
}

/** A new step at about `at`, 20 % below what held there. */
export function split(programme: Programme, at: number, sky: Sky): Programme {
  const points = resolved(programme, sky);
  if (points.length === 0) return programme;
  const index = points.findLastIndex((point) => point.at <= at);
  const level = snappedLevel(Math.max(0, (points[index]?.level ?? 0) - 20));
  const fresh: Step = { at: timeOnGrid(at, sky), sun: null, offset_min: 0, not_before: null, not_after: null, level, ramp_s: 0 };
  return { ...programme, steps: programme.steps.toSpliced(index + 1, 0, fresh) };
}
