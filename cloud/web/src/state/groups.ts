/** How far commands to many lamps have come: totals by state, as the service says them. */
import { createStore } from "../shared/store";

export type States = Readonly<Record<string, number>>;

/** By group, of those that this page has heard of. */
export const groupStates = createStore<Readonly<Record<string, States>>>({});

export function learnGroup(group: string, states: States): void {
  groupStates.update((all) => ({ ...all, [group]: states }));
}
