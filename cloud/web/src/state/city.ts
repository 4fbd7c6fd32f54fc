/** The inventory's frame: wards, stations, cabinets, time zone. */
import type { City } from "../api/types";
import { createStore } from "../shared/store";

export const city = createStore<City | null>(null);
