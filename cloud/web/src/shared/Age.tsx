/** How old a value is, counted on in the city's time. */
import { useLocale } from "../i18n/locale";
import { useStore } from "./store";
import { clockSpeed, isStale, now, secondsSince } from "../state/clock";

export function useAge(at: string | null | undefined): { age: number | null; stale: boolean } {
  const age = secondsSince(at, useStore(now));
  return { age, stale: isStale(age, clockSpeed()) };
}

export function Age({ at }: { at: string | null | undefined }) {
  const { t, f } = useLocale();
  const { age, stale } = useAge(at);
  return (
    <time className={stale ? "age stale" : "age"} dateTime={at ?? undefined} title={at ? f.dateTime(at) : undefined}>
      {age === null ? t("age.never") : f.age(age)}
    </time>
  );
}
