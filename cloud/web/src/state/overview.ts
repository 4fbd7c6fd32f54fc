/** The city's figures and the short memory of its power, since this page was opened. */
import { readOverview } from "../api/client";
import type { Overview } from "../api/types";
import { createStore } from "../shared/store";
import { setClock } from "./clock";

export const overview = createStore<Overview | null>(null);

/** Columns as the chart takes them: Unix seconds, kW planned, kW measured. */
export interface PowerHistory {
  at: number[];
  planned: (number | null)[];
  measured: (number | null)[];
}

const MOST_POINTS = 2000;

/** Every second point of the older half goes: the recent past stays fine, the far past gets coarse. */
function thinned<T>(column: T[]): T[] {
  const half = Math.floor(column.length / 2);
  return column.filter((_, index) => index >= half || index % 2 === 0);
}

export function remembered(history: PowerHistory, seen: Overview): PowerHistory {
  const at = Math.round(Date.parse(seen.at) / 1000);
  if (at <= (history.at.at(-1) ?? 0)) return history;
  const longer = {
    at: [...history.at, at],
    planned: [...history.planned, seen.planned_power_kw],
    measured: [...history.measured, seen.power_kw],
  };
  if (longer.at.length <= MOST_POINTS) return longer;
  return { at: thinned(longer.at), planned: thinned(longer.planned), measured: thinned(longer.measured) };
}

export const powerHistory = createStore<PowerHistory>({ at: [], planned: [], measured: [] });

export function seeOverview(seen: Overview): void {
  setClock(seen.clock.now, seen.clock.speed);
  overview.set(seen);
  powerHistory.update((history) => remembered(history, seen));
}

export async function loadOverview(): Promise<void> {
  seeOverview(await readOverview());
}
