/** What a person chose to be taken in. */
import type { Sheet } from "../api/fleet";

const JSON_NAME = /\.(geo)?json$/i;

export function sheetOf(file: File): Sheet {
  const kind = JSON_NAME.test(file.name) || file.type.includes("json") ? "json" : "csv";
  return { name: file.name, kind, body: file };
}
