/** What an act of the audit log was exactly, in the reader's language and the city's time. */
import type { AuditEntry } from "../api/types";
import type { Locale } from "../i18n/locale";

const WITHOUT_MORE = ["resume", "lock_out", "unlock", "self_test"] as const;
const WITH_LEVEL = ["override", "emergency"] as const;

/** `null` for an act that its own name says all of. */
export function whatExactly({ t, f }: Locale, { at, parameters }: Pick<AuditEntry, "at" | "parameters">): string | null {
  const bare = WITHOUT_MORE.find((known) => known === parameters?.type);
  if (bare) return t(`command.${bare}`);
  const type = WITH_LEVEL.find((known) => known === parameters?.type);
  const { level, until } = parameters ?? {};
  if (!type || typeof level !== "number" || until === undefined) return null;
  return t(`command.${type}`, { level: f.number(level, 1), time: f.moment(until, at) });
}
