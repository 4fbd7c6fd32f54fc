/** What is looked for in the audit log: from a form, in the city's time, to a question for the service. */
import type { AuditSearch } from "../api/types";

const MINUTE_MS = 60_000;

const DIGITS: Intl.DateTimeFormatOptions = {
  hourCycle: "h23",
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
};

/** What a clock in the zone shows at a moment, as if it stood in UTC, in ms. */
function shownAs(timeZone: string, at: number): number {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone, ...DIGITS }).formatToParts(at);
  const part = (type: string): number => Number(parts.find((it) => it.type === type)?.value ?? 0);
  return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
}

/** `2026-11-22T10:00`, as a clock in the zone shows it, in UTC; `null` for what is no such time. */
export function inZone(local: string, timeZone: string): string | null {
  const wanted = Date.parse(`${local}Z`);
  if (Number.isNaN(wanted)) return null;
  const first = wanted - (shownAs(timeZone, wanted) - wanted);
  // Once more: the offset at the moment itself, where the first guess lay on the other side of a change of clocks.
  const at = first + (wanted - shownAs(timeZone, first));
  return new Date(at).toISOString();
}

const TEXTS = ["who", "act", "target", "result", "text"] as const;

/** Only what somebody has filled in; `until` is given to the minute and means the whole of it. */
export function searchOf(form: FormData, timeZone: string): AuditSearch {
  const field = (name: string): string => String(form.get(name) ?? "").trim();
  const texts = TEXTS.map((name) => [name, field(name)] as const).filter(([, value]) => value !== "");
  const from = inZone(field("from"), timeZone);
  const until = inZone(field("until"), timeZone);
  const times = {
    ...(from === null ? {} : { from }),
    ...(until === null ? {} : { until: new Date(Date.parse(until) + MINUTE_MS).toISOString() }),
  };
  return { ...Object.fromEntries(texts), ...times } as AuditSearch;
}

/** Where the same acts lie as a file. */
export function sheetAddress(search: AuditSearch): string {
  const query = new URLSearchParams(Object.entries(search).map(([name, value]) => [name, String(value)]));
  return `/api/v1/audit.csv${query.size === 0 ? "" : `?${query.toString()}`}`;
}
