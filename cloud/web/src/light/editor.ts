/** The draft on which somebody works, kept while other pages are looked at. */
import { putPlan, readPlan } from "../api/light";
import { Refused } from "../api/errors";
import { createStore } from "../shared/store";
import { same } from "./differences";
import type { LightPlan, PlanSeen } from "./types";
import { type History, begun, changed, redone, settled, undone } from "./undo";

export interface Editing {
  who: string;
  site: string;
  /** As the service gave it last. */
  base: PlanSeen;
  history: History<LightPlan>;
  /** What somebody else has saved meanwhile. */
  theirs: PlanSeen | null;
}

export const editing = createStore<Editing | null>(null);

export function isChanged({ base, history }: Editing): boolean {
  return !same(base.plan, history.present);
}

function fresh(who: string, site: string, base: PlanSeen): Editing {
  return { who, site, base, history: begun(base.plan), theirs: null };
}

/** What the service says now. Text that is not saved stays: then it is only what it will be compared with. */
export async function openPlan(who: string, site: string): Promise<void> {
  const seen = await readPlan(site);
  editing.update((now) => {
    if (now === null || now.who !== who || now.site !== site || !isChanged(now)) return fresh(who, site, seen);
    return seen.version === now.base.version ? { ...now, base: seen } : { ...now, theirs: seen };
  });
}

function withHistory(change: (history: History<LightPlan>) => History<LightPlan>): void {
  editing.update((now) => (now === null ? now : { ...now, history: change(now.history) }));
}

export function edit(change: (plan: LightPlan) => LightPlan, about: string | null = null): void {
  withHistory((history) => changed(history, change(history.present), about));
}

export const undo = (): void => withHistory(undone);
export const redo = (): void => withHistory(redone);
export const settle = (): void => withHistory(settled);

const CHANGED_MEANWHILE = "changed_meanwhile";

/** The saved plan is the present one; one can still go back from it. */
function saved(base: PlanSeen): void {
  editing.update((now) => (now === null ? now : { ...now, base, theirs: null, history: { ...settled(now.history), present: base.plan } }));
}

async function lookAtTheirs(site: string): Promise<void> {
  const theirs = await readPlan(site);
  editing.update((now) => (now === null ? now : { ...now, theirs }));
}

export async function save(): Promise<void> {
  const now = editing.get();
  if (now === null) return;
  try {
    saved(await putPlan(now.site, now.history.present, now.base.version));
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== CHANGED_MEANWHILE) throw error;
    await lookAtTheirs(now.site);
  }
}

/** Theirs in place of one's own text, which is one step back. */
export function takeTheirs(): void {
  editing.update((now) => (now?.theirs ? { ...now, base: now.theirs, theirs: null, history: changed(now.history, now.theirs.plan) } : now));
}

/** One's own text, to be saved over theirs. */
export function keepMine(): void {
  editing.update((now) => (now?.theirs ? { ...now, base: now.theirs, theirs: null } : now));
}
