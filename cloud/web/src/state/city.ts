/** The inventory's frame: wards, stations, cabinets, time zone. */
import type { City } from "../api/types";
import { createStore } from "../shared/store";

export const city = createStore<City | null>(null);

/** A new object redraws the whole map, so the same inventory stays the same object. */
export function seeCity(seen: City): void {
  if (city.get()?.inventory_version !== seen.inventory_version) city.set(seen);
}
