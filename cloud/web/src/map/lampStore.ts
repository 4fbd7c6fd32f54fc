/** Every lamp as a few bytes in typed arrays, outside React; components follow its counters alone. */
import { FIRST_ABNORMAL, STATES, UNKNOWN_STATE } from "./states";
import type { Frame, Snapshot } from "./wire";

export type Counts = readonly number[];

export interface Picture {
  n: number;
  inventoryVersion: number;
  /** City time of the newest frame, Unix seconds; `null` before the first. */
  at: number | null;
  counts: Counts;
}

const EMPTY: Snapshot = {
  inventoryVersion: 0,
  seq: 0,
  longitude: new Int32Array(),
  latitude: new Int32Array(),
  state: new Uint8Array(),
  level: new Uint8Array(),
  ward: new Uint8Array(),
};

function known(state: number): number {
  return state < STATES.length ? state : UNKNOWN_STATE;
}

function counted(states: Uint8Array): number[] {
  const counts = STATES.map(() => 0);
  for (const state of states) counts[known(state)] = (counts[known(state)] ?? 0) + 1;
  return counts;
}

export class LampStore {
  lamps: Snapshot = EMPTY;
  seq = 0;
  picture: Picture = { n: 0, inventoryVersion: 0, at: null, counts: counted(EMPTY.state) };
  private readonly listeners = new Set<() => void>();

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  getPicture = (): Picture => this.picture;

  load(snapshot: Snapshot): void {
    this.lamps = snapshot;
    this.seq = snapshot.seq;
    this.tell(this.picture.at);
  }

  /** Writes a frame into the arrays; indexes past the end belong to a newer inventory and are passed over. */
  apply(frame: Frame): void {
    const { state, level } = this.lamps;
    frame.index.forEach((lamp, row) => {
      if (lamp >= state.length) return;
      state[lamp] = frame.state[row] ?? UNKNOWN_STATE;
      level[lamp] = frame.level[row] ?? 255;
    });
    this.seq = frame.seq;
    this.tell(frame.at);
  }

  /** Indexes of the lamps that are drawn last and larger. */
  abnormal(): Uint32Array {
    const found: number[] = [];
    this.lamps.state.forEach((state, index) => {
      if (state >= FIRST_ABNORMAL) found.push(index);
    });
    return Uint32Array.from(found);
  }

  private tell(at: number | null): void {
    const { state, inventoryVersion } = this.lamps;
    this.picture = { n: state.length, inventoryVersion, at, counts: counted(state) };
    for (const listener of this.listeners) listener();
  }
}

export const lampStore = new LampStore();
