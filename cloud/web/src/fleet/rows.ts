/** An edit of many lamps as the table that the service imports. Pure. */
import type { Luminaire } from "../api/types";

const COLUMNS = ["id", "cabinet", "phase", "segment", "pole", "type", "ward", "street", "longitude", "latitude"] as const;
type Required = (typeof COLUMNS)[number];

export const EDITED = ["type", "road_class", "use", "street", "ward"] as const;
export type Edited = (typeof EDITED)[number];

export interface Edit {
  column: Edited;
  value: string;
}

type Lamp = Pick<Luminaire, Exclude<Required, "type">> & { type: { id: string } };

const FORMULA = /^'*[=+\-@\t\r]/;

/** As the service writes it: it takes one apostrophe off again. */
function neutral(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function cell(lamp: Lamp, column: Required): string {
  if (column === "longitude" || column === "latitude") return String(lamp[column]);
  return neutral(column === "type" ? lamp.type.id : lamp[column]);
}

/** A line for each lamp; columns that are not in it stay as they are. */
export function csvOf(lamps: readonly Lamp[], { column, value }: Edit): string {
  const known: readonly string[] = COLUMNS;
  const head = known.includes(column) ? COLUMNS : [...COLUMNS, column];
  const lines = lamps.map((lamp) => head.map((it) => quoted(it === column ? neutral(value) : cell(lamp, it as Required))).join(","));
  return [head.join(","), ...lines, ""].join("\r\n");
}

const HEAD_ROWS = 1;

/** The lamp that a row of the table is about; `null` for the head. */
export function lampAt<T>(lamps: readonly T[], row: number): T | null {
  return lamps[row - HEAD_ROWS - 1] ?? null;
}

const LABELS_PER_SHEET = 24; // as the service prints them (cloud/fleet/labels.py)

export function inSheets<T>(lamps: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(lamps.length / LABELS_PER_SHEET) }, (_, page) => lamps.slice(page * LABELS_PER_SHEET, (page + 1) * LABELS_PER_SHEET));
}
