/** What was done to a plan, and the way back. */

export interface History<T> {
  past: readonly T[];
  present: T;
  future: readonly T[];
  /** What the last change was about: the next about the same joins it, so that a drag is one step back. */
  about: string | null;
}

const MOST = 100;

export function begun<T>(present: T): History<T> {
  return { past: [], present, future: [], about: null };
}

export function changed<T>(history: History<T>, present: T, about: string | null = null): History<T> {
  if (Object.is(present, history.present)) return history;
  const joins = about !== null && about === history.about && history.past.length > 0;
  const past = joins ? history.past : [...history.past, history.present].slice(-MOST);
  return { past, present, future: [], about };
}

/** The next change is another one, even about the same. */
export function settled<T>(history: History<T>): History<T> {
  return history.about === null ? history : { ...history, about: null };
}

export function undone<T>({ past, present, future }: History<T>): History<T> {
  const before = past.at(-1);
  if (before === undefined) return { past, present, future, about: null };
  return { past: past.slice(0, -1), present: before, future: [present, ...future], about: null };
}

export function redone<T>({ past, present, future }: History<T>): History<T> {
  const [next, ...rest] = future;
  if (next === undefined) return { past, present, future, about: null };
  return { past: [...past, present], present: next, future: rest, about: null };
}
