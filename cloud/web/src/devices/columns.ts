/** Readings as a chart takes them: columns on one time axis, with a hole where nothing was heard. */
import type { Readings } from "../api/types";

export type Column = (number | null)[];

export interface Columns {
  /** Unix seconds, rising. */
  at: number[];
  values: Column[];
}

const SHORTEST_HOLE_S = 60;
const MISSED_ROUNDS = 4;

/** Seconds of silence that are a hole: several of the device's usual rounds, whatever the poll interval and the city's clock. */
export function holeAfter(at: readonly number[]): number {
  const steps = at.slice(1).map((time, index) => time - (at[index] ?? time));
  const usual = steps.toSorted((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
  return Math.max(SHORTEST_HOLE_S, MISSED_ROUNDS * usual);
}

export function columnsOf(readings: Readings, quantities: readonly string[]): Columns {
  return { at: readings.at, values: quantities.map((name) => readings.quantities[name] ?? readings.at.map(() => null)) };
}

/** A row of nothing after the last word before a hole, so that no line is drawn across it. */
export function withHoles({ at, values }: Columns): Columns {
  const out: Columns = { at: [], values: values.map(() => []) };
  const hole = holeAfter(at);
  at.forEach((time, row) => {
    const before = at[row - 1];
    if (before !== undefined && time - before > hole) push(out, before + 1, []);
    push(out, time, values.map((column) => column[row] ?? null));
  });
  return out;
}

function push(columns: Columns, time: number, row: Column): void {
  columns.at.push(time);
  columns.values.forEach((column, index) => column.push(row[index] ?? null));
}

/** The columns with one more row; a row that is not newer than the last changes nothing. */
export function followed(columns: Columns, time: number, row: Column): Columns {
  if (time <= (columns.at.at(-1) ?? 0)) return columns;
  return {
    at: [...columns.at, time],
    values: columns.values.map((column, index) => [...column, row[index] ?? null]),
  };
}

/** `columns`, and after its end what of `tail` is newer. */
export function joined(columns: Columns, tail: Columns): Columns {
  const from = tail.at.findIndex((time) => time > (columns.at.at(-1) ?? 0));
  if (from < 0) return columns;
  return {
    at: [...columns.at, ...tail.at.slice(from)],
    values: columns.values.map((column, index) => [...column, ...(tail.values[index] ?? []).slice(from)]),
  };
}

export interface Span {
  low: number;
  high: number;
  last: number;
}

/** `null` when the column holds no value at all. */
export function spanOf(column: Column): Span | null {
  const known = column.filter((value) => value !== null);
  const last = known.at(-1);
  if (last === undefined) return null;
  return { low: Math.min(...known), high: Math.max(...known), last };
}
