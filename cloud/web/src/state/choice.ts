/** Lamps that stand out on the map: those that a command is thought of for, or that one holds. */
import { createStore } from "../shared/store";

export interface Marked {
  /** By their numbers on this map. */
  numbers: readonly number[];
  /** The map goes where they are. */
  fit: boolean;
}

export const marked = createStore<Marked | null>(null);

export function mark(numbers: readonly number[], fit = false): void {
  marked.set({ numbers, fit });
}

export function unmark(): void {
  marked.set(null);
}
