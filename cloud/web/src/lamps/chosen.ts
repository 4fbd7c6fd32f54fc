/** The lamps that are chosen in the list; they outlive a look at another page, but not another search. */
import type { Luminaire } from "../api/types";
import { createStore } from "../shared/store";

export type Chosen = ReadonlyMap<string, Luminaire>;

export const NONE: Chosen = new Map();
export const chosenLamps = createStore<Chosen>(NONE);

export function toggled(chosen: Chosen, lamp: Luminaire): Chosen {
  const next = new Map(chosen);
  if (!next.delete(lamp.id)) next.set(lamp.id, lamp);
  return next;
}

export function withThese(chosen: Chosen, lamps: readonly Luminaire[]): Chosen {
  return new Map([...chosen, ...lamps.map((lamp) => [lamp.id, lamp] as const)]);
}

/** The one city that all of them stand in, by their wards. */
export function siteOf(lamps: Iterable<Pick<Luminaire, "ward">>, wards: readonly { id: string; site: string }[]): string | null {
  const site = new Map(wards.map((ward) => [ward.id, ward.site]));
  const sites = new Set([...lamps].map((lamp) => site.get(lamp.ward)));
  const [only] = sites;
  return sites.size === 1 && only !== undefined ? only : null;
}
