/** What an act of the audit log was exactly, in the reader's language and the city's time. */
import type { AuditEntry } from "../api/types";
import type { Locale } from "../i18n/locale";

/** `null` for an act that its own name says all of. */
export function whatExactly({ t, f }: Locale, { at, parameters }: Pick<AuditEntry, "at" | "parameters">): string | null {
  if (parameters?.type === "resume") return t("command.resume");
  if (parameters?.type !== "override") return null;
  const { level, until } = parameters;
  if (typeof level !== "number" || until === undefined) return null;
  return t("command.override", { level: f.number(level, 1), time: f.moment(until, at) });
}
