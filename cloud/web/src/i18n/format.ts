/** Numbers, times and ages in the reader's language and the city's time zone. A value that is not known is "–". */
import { type Language, translate } from "./dictionary";

export const UNKNOWN = "–";

const LOCALES: Record<Language, string> = { vi: "vi-VN", en: "en-GB" };
// More digits than any device has: a value is shown as it was given, not as we would round it.
const ALL_DIGITS = 12;
const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

type Maybe<T> = T | null | undefined;
type Moment = string | number | Date;

export interface Formats {
  /** At most `digits` decimals. */
  number(value: Maybe<number>, digits?: number): string;
  /** Always `digits` decimals, so that a ticking figure does not change its width. */
  fixed(value: Maybe<number>, digits: number): string;
  /** All the digits that the device gave. */
  exact(value: Maybe<number>): string;
  /** HH:MM */
  time(at: Maybe<Moment>): string;
  /** HH:MM:SS */
  clock(at: Maybe<Moment>): string;
  /** Time alone on the same day, with day and month otherwise. */
  moment(at: Maybe<Moment>, now: Moment): string;
  dateTime(at: Maybe<Moment>): string;
  duration(seconds: number): string;
  age(seconds: Maybe<number>): string;
}

function times(locale: string, timeZone: string) {
  const make = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { timeZone, hourCycle: "h23", ...options });
  const hm = { hour: "2-digit", minute: "2-digit" } as const;
  const hms = { ...hm, second: "2-digit" } as const;
  const day = { day: "2-digit", month: "2-digit", year: "numeric" } as const;
  // Vietnamese writes day and month with a stroke as well; its locale data has a dash there.
  const short = new Intl.DateTimeFormat(LOCALES.en, { timeZone, day: "2-digit", month: "2-digit" });
  return { time: make(hm), clock: make(hms), day: make(day), short };
}

function parts(seconds: number): [number, number, number, number] {
  const s = Math.max(0, Math.floor(seconds));
  return [Math.floor(s / DAY), Math.floor((s % DAY) / HOUR), Math.floor((s % HOUR) / MINUTE), s % MINUTE];
}

export function duration(language: Language, seconds: number): string {
  const [d, h, m, s] = parts(seconds);
  if (d > 0) return translate(language, "duration.days", { d, h });
  if (h > 0) return translate(language, "duration.hours", { h, m });
  if (m > 0) return translate(language, m < 10 ? "duration.minutes_seconds" : "duration.minutes", { m, s });
  return translate(language, "duration.seconds", { s });
}

function timed(at: Maybe<Moment>, write: (date: Date) => string): string {
  return at === null || at === undefined ? UNKNOWN : write(new Date(at));
}

export function formats(language: Language, timeZone: string): Formats {
  const locale = LOCALES[language];
  const { time, clock, day, short } = times(locale, timeZone);
  const numeric = (value: Maybe<number>, options: Intl.NumberFormatOptions): string =>
    value === null || value === undefined || !Number.isFinite(value)
      ? UNKNOWN
      : new Intl.NumberFormat(locale, { signDisplay: "negative", ...options }).format(value); // no "-0"
  const dateTime = (at: Maybe<Moment>): string => timed(at, (date) => `${day.format(date)} ${clock.format(date)}`);
  return {
    number: (value, digits = 0) => numeric(value, { maximumFractionDigits: digits }),
    fixed: (value, digits) => numeric(value, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
    exact: (value) => numeric(value, { maximumFractionDigits: ALL_DIGITS }),
    time: (at) => timed(at, (date) => time.format(date)),
    clock: (at) => timed(at, (date) => clock.format(date)),
    moment: (at, now) =>
      timed(at, (date) =>
        day.format(date) === day.format(new Date(now)) ? time.format(date) : `${short.format(date)} ${time.format(date)}`,
      ),
    dateTime,
    duration: (seconds) => duration(language, seconds),
    age: (seconds) =>
      seconds === null || seconds === undefined
        ? UNKNOWN
        : translate(language, "duration.ago", { duration: duration(language, seconds) }),
  };
}
