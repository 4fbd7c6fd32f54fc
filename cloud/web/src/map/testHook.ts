/** What a browser test may ask of the map. There is no such thing in a person's browser. */
import { openPanel } from "../shared/route";
import { marked } from "../state/choice";
import type { CityMap } from "./cityMap";
import { lampStore } from "./lampStore";
import { type LampState, STATES, levelOf, stateOf } from "./states";

export interface TestHook {
  mapReady(): boolean;
  lamps(): number;
  seq(): number;
  counts(): Record<LampState, number>;
  lamp(index: number): { state: LampState; level: number | null };
  /** CSS pixels in the page. */
  at(index: number): { x: number; y: number };
  zoom(): number;
  flyTo(index: number, zoom: number): void;
  select(id: string): void;
  marked(): number;
}

declare global {
  interface Window {
    __haidang?: TestHook;
  }
}

const E7 = 1e7;

function placeOf(index: number): [longitude: number, latitude: number] {
  const { longitude, latitude } = lampStore.lamps;
  return [(longitude[index] ?? 0) / E7, (latitude[index] ?? 0) / E7];
}

function counts(): Record<LampState, number> {
  return Object.fromEntries(STATES.map((state, byte) => [state, lampStore.picture.counts[byte] ?? 0])) as Record<LampState, number>;
}

function onPage(map: CityMap, index: number): { x: number; y: number } {
  const corner = map.view.getContainer().getBoundingClientRect();
  const { x, y } = map.project(...placeOf(index));
  return { x: corner.x + x, y: corner.y + y };
}

export function showTestHook(map: CityMap): () => void {
  if (!navigator.webdriver) return () => undefined;
  window.__haidang = {
    mapReady: () => map.ready,
    lamps: () => lampStore.picture.n,
    seq: () => lampStore.seq,
    counts,
    lamp: (index) => ({ state: stateOf(lampStore.lamps.state[index] ?? 0), level: levelOf(lampStore.lamps.level[index] ?? 255) }),
    at: (index) => onPage(map, index),
    zoom: () => map.view.getZoom(),
    flyTo: (index, zoom) => void map.view.jumpTo({ center: placeOf(index), zoom }),
    marked: () => marked.get()?.numbers.length ?? 0,
    select: (id) => openPanel("lamp", id),
  };
  return () => {
    delete window.__haidang;
  };
}
