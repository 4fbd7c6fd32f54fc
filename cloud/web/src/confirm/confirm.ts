/** Who is logged in is asked once more: for a reason, and for a proof that it is still the same person. */
import { createStore } from "../shared/store";

/** `password` stands for whatever proof this person has: a code or a passkey where there is one. */
export type Need = "reason" | "password" | "second_person";

export interface Wanted {
  /** What is about to be done, in the reader's language. */
  title: string;
  /** What it comes to, a line each. */
  lines?: readonly string[];
  needs: readonly Need[];
}

export interface Given {
  reason: string;
  /** Good for one act; empty when no proof was asked for. */
  confirmation: string;
}

export interface Asked extends Wanted {
  answer(given: Given | null): void;
}

export const asked = createStore<Asked | null>(null);

/** `null` when the person thinks better of it. A second question while one stands answers the first with that. */
export function askConfirmation(wanted: Wanted): Promise<Given | null> {
  asked.get()?.answer(null);
  return new Promise((resolve) => {
    const answer = (given: Given | null): void => {
      asked.set(null);
      resolve(given);
    };
    asked.set({ ...wanted, answer });
  });
}

/** Does `work` with a confirmation; not at all when the person thinks better of it. */
export async function confirmed(title: string, work: (confirmation: string) => Promise<unknown>): Promise<void> {
  const given = await askConfirmation({ title, needs: ["password"] });
  if (given !== null) await work(given.confirmation);
}
