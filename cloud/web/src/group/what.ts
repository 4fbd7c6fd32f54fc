/** An action in words: as it was given, or as it is asked for. */
import { useLocale } from "../i18n/locale";

const MINUTE_S = 60;

interface Said {
  type: string;
  level?: number | null;
  until?: string | null;
  minutes?: number;
}

const LASTING: ReadonlySet<string> = new Set(["override", "emergency"]);

/** With its end. */
export function useWhatWas() {
  const { t, f, word } = useLocale();
  return ({ type, level, until }: Said): string => {
    if (!LASTING.has(type)) return word("what", type);
    const words = { level: f.number(level, 1), time: f.time(until) };
    return type === "emergency" ? t("what.emergency_until", words) : t("what.override_until", words);
  };
}

/** With how long it would last. */
export function useWhatWouldBe() {
  const { t, f, word } = useLocale();
  return ({ type, level, minutes }: Said): string => {
    if (!LASTING.has(type)) return word("what", type);
    const words = { level: f.number(level, 1), duration: f.duration((minutes ?? 0) * MINUTE_S) };
    return type === "emergency" ? t("what.emergency", words) : t("what.override", words);
  };
}
