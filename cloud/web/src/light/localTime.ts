/** Local times of a city in UTC and back. A time that a change of clocks doubles means the first; one that it leaves out
 * means the change itself (as in rules/nights.py). */

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const NOON = 720;
export const DAY_MIN = 1440;

const zones = new Map<string, Intl.DateTimeFormat>();

function clockOf(zone: string): Intl.DateTimeFormat {
  const known = zones.get(zone);
  if (known !== undefined) return known;
  const digits = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" } as const;
  const clock = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...digits });
  zones.set(zone, clock);
  return clock;
}

/** The wall clock of a zone, as if it were UTC (ms). */
function wall(ms: number, zone: string): number {
  const part: Record<string, number> = {};
  for (const { type, value } of clockOf(zone).formatToParts(ms)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

function offset(ms: number, zone: string): number {
  const whole = Math.floor(ms / 1000) * 1000;
  return wall(whole, zone) - whole;
}

/** When the clocks were changed to `after`: not at `before` yet, but at `until`. */
function changeBetween(before: number, until: number, after: number, zone: string): number {
  let [low, high] = [before, until];
  while (high - low > 1000) {
    const middle = low + Math.floor((high - low) / 2000) * 1000;
    if (offset(middle, zone) === after) high = middle;
    else low = middle;
  }
  return high;
}

/** UTC (ms) of a wall clock that is given as if it were UTC. */
function utc(wanted: number, zone: string): number {
  const before = offset(wanted - DAY_MS, zone);
  const first = wanted - before;
  const after = offset(first, zone);
  if (after === before) return first;
  const second = wanted - after;
  return offset(second, zone) === after ? second : changeBetween(second, first, after, zone);
}

const midnight = (date: string): number => Date.parse(`${date}T00:00:00Z`);

export function dateAfter(date: string, days: number): string {
  return new Date(midnight(date) + days * DAY_MS).toISOString().slice(0, 10);
}

/** 1 (Monday) to 7. */
export function weekday(date: string): number {
  return new Date(midnight(date)).getUTCDay() || 7;
}

/** ISO 8601: the week that holds the year's first Thursday is the first. */
export function isoWeek(date: string): number {
  const thursday = new Date(midnight(date) + (4 - weekday(date)) * DAY_MS);
  const newYear = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  return Math.floor((thursday.getTime() - newYear) / DAY_MS / 7) + 1;
}

/** UTC (ms) of a local time, minutes since midnight, in the night that begins on `night` at noon. */
export function momentIn(night: string, minutes: number, zone: string): number {
  const day = minutes < NOON ? midnight(night) + DAY_MS : midnight(night);
  return utc(day + minutes * MINUTE_MS, zone);
}

/** The night that a moment belongs to. */
export function nightOf(ms: number, zone: string): string {
  return new Date(wall(ms, zone) - 12 * HOUR_MS).toISOString().slice(0, 10);
}

/** Local minutes since midnight. */
export function minutesAt(ms: number, zone: string): number {
  return (wall(ms, zone) % DAY_MS) / MINUTE_MS;
}

/** "22:05" or "22:05:00" in minutes since midnight. */
export function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return hours * 60 + minutes;
}

export function timeOf(minutes: number): string {
  const whole = ((Math.round(minutes) % DAY_MIN) + DAY_MIN) % DAY_MIN;
  return `${String(Math.floor(whole / 60)).padStart(2, "0")}:${String(whole % 60).padStart(2, "0")}`;
}

/** As the plan writes a local time. */
export function written(time: string): string {
  return `${time.slice(0, 5)}:00`;
}

const TYPED = /^(\d{1,2})[:.h](\d{2})$|^(\d{2})(\d{2})$/;

/** "22:05" of what somebody types: 22:05, 22.05, 22h05, 2205; `null` of what is no time (yet). */
export function timeIn(text: string): string | null {
  const found = TYPED.exec(text.trim().toLowerCase());
  if (found === null) return null;
  const [hours, minutes] = [Number(found[1] ?? found[3]), Number(found[2] ?? found[4])];
  return hours > 23 || minutes > 59 ? null : timeOf(hours * 60 + minutes);
}
