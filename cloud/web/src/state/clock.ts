/** The city's clock, carried on between two overviews: the demo may run it faster than the wall. */
import { createStore } from "../shared/store";

export interface Anchor {
  /** City time, ms since 1970, at the moment `wall`. */
  city: number;
  /** Of performance.now(). */
  wall: number;
  speed: number;
}

const SECOND = 1000;
const TICK = 500;
// Two overviews never travel equally long; a clock that hops back by less than this would only look nervous.
const JITTER = 1500;

export function cityTime(anchor: Anchor, wall: number): number {
  return anchor.city + (wall - anchor.wall) * anchor.speed;
}

/** The anchor to go on with: the old one while it still agrees with what the service says. */
export function corrected(old: Anchor | null, said: Anchor): Anchor {
  if (old === null || old.speed !== said.speed) return said;
  return Math.abs(cityTime(old, said.wall) - said.city) < JITTER * said.speed ? old : said;
}

let anchor: Anchor | null = null;

/** City time in whole seconds (as ms); `null` until the service has told it. */
export const now = createStore<number | null>(null);

export function tick(): void {
  if (anchor !== null) now.set(Math.floor(cityTime(anchor, performance.now()) / SECOND) * SECOND);
}

export function setClock(iso: string, speed: number): void {
  anchor = corrected(anchor, { city: Date.parse(iso), wall: performance.now(), speed });
  tick();
}

export function clockSpeed(): number {
  return anchor?.speed ?? 1;
}

export function startClock(): () => void {
  const timer = setInterval(tick, TICK);
  return () => clearInterval(timer);
}

/** Seconds since `at` in city time; `null` when either is not known. */
export function secondsSince(at: string | null | undefined, cityNow: number | null): number | null {
  if (at === null || at === undefined || cityNow === null) return null;
  return Math.max(0, (cityNow - Date.parse(at)) / SECOND);
}

const STALE_AFTER_S = 120; // after so long the service calls a lamp out of contact (its `stale_after`)
const STALE_AFTER_WALL_S = 30;

/** Older than two minutes; when the city's clock runs fast, older than what half a minute of ours is there. */
export function isStale(age: number | null, speed: number): boolean {
  return age === null || age > Math.max(STALE_AFTER_S, STALE_AFTER_WALL_S * speed);
}
