/** The last command to each target that this page has heard of. */
import { type Override, overrideLevel, readCommand, resumeProgramme } from "../api/client";
import { Refused } from "../api/errors";
import type { Command } from "../api/types";
import type { Given, Need } from "../confirm/confirm";
import { createStore } from "../shared/store";

export type LastCommands = Readonly<Record<string, Command>>;

export const lastCommands = createStore<LastCommands>({});

const OPEN: ReadonlySet<string> = new Set(["requested", "sent", "acknowledged", "waiting"]);

export function isUnderWay(command: Command): boolean {
  return OPEN.has(command.state);
}

/** True when `said` tells more than `known`: a later command, or a later word about the same one. */
function isNews(known: Command | undefined, said: Command): boolean {
  if (known === undefined) return true;
  if (known.id === said.id) return said.history.length >= known.history.length;
  return said.issued_at >= known.issued_at;
}

export function learnCommand(said: Command): void {
  lastCommands.update((all) => (isNews(all[said.target], said) ? { ...all, [said.target]: said } : all));
}

/** Asks for what a command lacks that is one of many; `null` when the person thinks better of it. */
export type AskProof = (needs: readonly Need[], lamps: number) => Promise<Given | null>;

/** What a command lacks that one person can give, and how many lamps count together. */
export function lacking(error: unknown): { needs: readonly Need[]; lamps: number } | null {
  if (!(error instanceof Refused) || error.code !== "consent") return null;
  const { needs, lamps } = error.facts as { needs: readonly Need[]; lamps: number };
  return needs.includes("second_person") ? null : { needs, lamps };
}

export async function sendOverride(order: Override, ask: AskProof): Promise<void> {
  try {
    learnCommand(await overrideLevel(order));
  } catch (error) {
    const lacks = lacking(error);
    if (lacks === null) throw error;
    const given = await ask(lacks.needs, lacks.lamps);
    if (given === null) return;
    learnCommand(await overrideLevel({ ...order, reason: order.reason ?? given.reason, confirmation: given.confirmation }));
  }
}

export async function sendResume(target: string): Promise<void> {
  learnCommand(await resumeProgramme(target));
}

/** Ask again: the live feed may be away just when the answer comes. */
export async function refreshCommand(id: string): Promise<void> {
  learnCommand(await readCommand(id));
}
