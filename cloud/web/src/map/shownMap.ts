/** The map that is on the page, for what is drawn on it from elsewhere. */
import { createStore } from "../shared/store";
import type { CityMap } from "./cityMap";

export const shownMap = createStore<CityMap | null>(null);
