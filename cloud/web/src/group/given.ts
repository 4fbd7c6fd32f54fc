/** Lamps that were chosen elsewhere, in a list, for the next command to many. */
import type { Targets } from "../api/types";
import { createStore } from "../shared/store";

export const givenTargets = createStore<Targets | null>(null);
