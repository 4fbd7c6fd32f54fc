/** Live values of the devices somebody is looking at, and who is looking. */
import type { LiveReading } from "../api/types";
import { createStore } from "../shared/store";

export interface Latest {
  at: string;
  values: Record<string, number | null>;
}

export const latest = createStore<Readonly<Record<string, Latest>>>({});
export const watched = createStore<readonly string[]>([]);

/** The newer word wins quantity by quantity: a live message may carry only what has changed. */
export function merged(known: Latest | undefined, said: Latest): Latest {
  if (known === undefined) return said;
  const [older, newer] = said.at >= known.at ? [known, said] : [said, known];
  return { at: newer.at, values: { ...older.values, ...newer.values } };
}

export function seeLatest({ device, at, values }: LiveReading): void {
  latest.update((all) => ({ ...all, [device]: merged(all[device], { at, values }) }));
}

/** Watch a device until the returned function is called. */
export function watch(device: string): () => void {
  watched.update((all) => [...all, device]);
  return () => watched.update((all) => all.toSpliced(all.indexOf(device), 1));
}
