/** A command's life as the four steps that a person watches: asked for, on its way, at the edge, read back. */
import type { Command } from "../api/types";
import type { StepLook } from "../shared/Symbols";

export const STEPS = ["requested", "sent", "acknowledged", "confirmed"] as const;
export type StepName = (typeof STEPS)[number];

export interface Step {
  name: StepName;
  at: string | null;
  look: StepLook;
}

const ENDED_BADLY: ReadonlySet<string> = new Set(["failed", "expired", "unknown"]);

export function endedBadly(state: string): boolean {
  return ENDED_BADLY.has(state);
}

type Life = Pick<Command, "state" | "history">;

/** An edge that keeps a command for a lamp that sleeps has the command. */
function reached(life: Life): Map<string, string> {
  const seen = new Map(life.history.map(({ state, at }) => [String(state), at]));
  const waiting = seen.get("waiting");
  return waiting === undefined ? seen : new Map([["acknowledged", waiting], ...seen]);
}

/** The last step that was reached; a step in the record implies those before it (an answer may overtake our bookkeeping). */
function progress(life: Life): number {
  const seen = reached(life);
  return STEPS.findLastIndex((name) => seen.has(name));
}

function lookOf(index: number, last: number, state: string): StepLook {
  if (index <= last) return "done";
  if (index > last + 1) return "waiting";
  return endedBadly(state) ? "failed" : "next";
}

export function commandSteps(life: Life): Step[] {
  const seen = reached(life);
  const last = progress(life);
  return STEPS.map((name, index) => ({ name, at: seen.get(name) ?? null, look: lookOf(index, last, life.state) }));
}

/** When it ended without success. */
export function endedAt(life: Life): string | null {
  return endedBadly(life.state) ? (reached(life).get(life.state) ?? null) : null;
}
