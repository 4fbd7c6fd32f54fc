/** The rows of a search that have been looked at, asked for part by part. */
import type { Luminaire, LuminairePage } from "../api/types";
import { createStore } from "../shared/store";
import { type Rows, partsOf } from "./window";

export const PART = 100;
const AT_ONCE = 500; // the most that the service gives

export interface Known {
  /** `null` before the first answer. */
  total: number | null;
  parts: ReadonlyMap<number, readonly Luminaire[]>;
  error: unknown;
}

type Ask = (offset: number, limit: number) => Promise<LuminairePage>;

const NOTHING: Known = { total: null, parts: new Map(), error: null };

export function rowOf({ parts }: Known, row: number): Luminaire | null {
  return parts.get(Math.floor(row / PART))?.[row % PART] ?? null;
}

/** Old answers stay while they are asked for again. */
export function createParts(ask: Ask) {
  const known = createStore<Known>(NOTHING);
  const asked = new Set<number>();
  const askPart = async (part: number): Promise<void> => {
    if (asked.has(part)) return;
    asked.add(part);
    try {
      const { items, total } = await ask(part * PART, PART);
      known.update(({ parts }) => ({ total, parts: new Map(parts).set(part, items), error: null }));
    } catch (error) {
      known.update((before) => ({ ...before, error }));
    } finally {
      asked.delete(part);
    }
  };
  const ofRows = (rows: Rows): number[] => (known.get().total === null ? [0] : partsOf(rows, PART));
  let seen: Rows = { first: 0, end: 1 };
  const look = (rows: Rows): void => {
    seen = rows;
    for (const part of ofRows(rows)) if (!known.get().parts.has(part)) void askPart(part);
  };
  return {
    known,
    /** These rows are seen: what is missing of them is asked for. */
    look,
    refresh(rows: Rows): void {
      for (const part of ofRows(rows)) void askPart(part);
    },
    /** The lamps themselves are other ones: what was looked at is void. */
    forget(): void {
      known.update(({ total }) => ({ total, parts: new Map(), error: null }));
      look(seen);
    },
    /** All of these rows, whether they were looked at or not. */
    async all({ first, end }: Rows, heard: (n: number) => void = () => undefined): Promise<Luminaire[]> {
      const found: Luminaire[] = [];
      while (first + found.length < end) {
        const offset = first + found.length;
        // oxlint-disable-next-line no-await-in-loop -- one question at a time: the service has other things to do
        const { items } = await ask(offset, Math.min(AT_ONCE, end - offset));
        if (items.length === 0) break;
        found.push(...items);
        heard(found.length);
      }
      return found;
    },
  };
}

export type Parts = ReturnType<typeof createParts>;
