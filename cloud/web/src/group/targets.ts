/** What may be chosen, and until when it may be held. Pure. */
import type { Action, Area, Preview, Targets } from "../api/types";

export type Corner = readonly [longitude: number, latitude: number];

export const WAYS = ["polygon", "area", "street", "cabinet"] as const;
export type Way = (typeof WAYS)[number];

const FEWEST_CORNERS = 3;

export function isPolygon(corners: readonly Corner[]): boolean {
  return corners.length >= FEWEST_CORNERS;
}

/** A double click says its corner twice. */
export function withoutDoubles(corners: readonly Corner[]): Corner[] {
  return corners.filter(([x, y], n) => n === 0 || x !== corners[n - 1]?.[0] || y !== corners[n - 1]?.[1]);
}

/** A street's name is not enough where two cities have it: the one that is looked at says which is meant. */
export function streetTarget(street: string, site: string | null): Targets | null {
  if (street.trim() === "") return null;
  return site === null ? { street: street.trim() } : { street: street.trim(), area: `/${site}` };
}

/** Cities and wards; the province is no place to be chosen in passing. */
export function choosable(areas: readonly Area[]): Area[] {
  return areas.filter((area) => area.path !== "/");
}

const DAY_MINUTES = 24 * 60;

function minutesOf(clock: string): number {
  const [hours = 0, minutes = 0] = clock.split(":").map(Number);
  return hours * 60 + minutes;
}

/** From HH:MM to the next HH:MM, in minutes: 1 to a whole day, the longest that anything is held. */
export function minutesUntil(now: string, until: string): number {
  const left = (minutesOf(until) - minutesOf(now) + DAY_MINUTES) % DAY_MINUTES;
  return left === 0 ? DAY_MINUTES : left;
}

/** kW that are saved (negative) or taken more. */
export function change(preview: Pick<Preview, "power_kw_now" | "power_kw_after">): number {
  return preview.power_kw_after - preview.power_kw_now;
}

export const STATES = ["confirmed", "acknowledged", "waiting", "sent", "requested", "failed", "expired", "unknown"] as const;
export type GroupState = (typeof STATES)[number];

/** What may be done to many lamps, the everyday first. */
export const KINDS = ["override", "resume", "emergency", "lock_out", "unlock"] as const;
export type Kind = (typeof KINDS)[number];

const LASTING = ["override", "emergency"] as const satisfies readonly Kind[];
type Lasting = (typeof LASTING)[number];

/** Has a level and an end. */
export function isLasting(kind: Kind): kind is Lasting {
  return LASTING.some((it) => it === kind);
}

/** For danger alone: it says so in red, and in words. */
export function isGrave(kind: Kind): boolean {
  return kind === "emergency" || kind === "lock_out";
}

export interface Draft {
  kind: Kind;
  level: number;
  minutes: number;
}

const FULL = 100;

/** An emergency begins with full light. */
export function withKind(draft: Draft, kind: Kind): Draft {
  return { ...draft, kind, level: kind === "emergency" ? FULL : draft.level };
}

export function actionOf({ kind, level, minutes }: Draft): Action {
  return isLasting(kind) ? { type: kind, level, minutes } : { type: kind };
}

/** What takes a command back: a lock-out is only ever ended in so many words. */
export function wayBack(kind: string): Action | null {
  if (kind === "lock_out") return { type: "unlock" };
  return kind === "override" || kind === "emergency" ? { type: "resume" } : null;
}
