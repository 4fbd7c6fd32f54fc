/** Why a command came to a bad end, in the reader's language. */
import type { Command } from "../api/types";
import type { Locale } from "../i18n/locale";

type End = Pick<Command, "state" | "refusal" | "waited_s" | "wanted_level" | "actual_level">;

/** By the edge's word for it; where nobody said anything, we know at least who was silent. */
export function whyItFailed({ t, f, word }: Locale, end: End): string {
  if (end.refusal === null) return word("command.silent", end.state);
  const why = t(`refusal.${end.refusal}`, { actual: f.number(end.actual_level, 1), wanted: f.number(end.wanted_level, 1) });
  return end.waited_s === null ? t("command.why", { why }) : t("command.why_after", { why, seconds: f.number(end.waited_s, 1) });
}
