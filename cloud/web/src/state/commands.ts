/** The last command to each target that this page has heard of. */
import { overrideLevel, readCommand, resumeProgramme } from "../api/client";
import type { Command } from "../api/types";
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

export async function sendOverride(target: string, level: number, minutes: number, reason: string): Promise<void> {
  learnCommand(await overrideLevel(target, level, minutes, reason.trim() || null));
}

export async function sendResume(target: string): Promise<void> {
  learnCommand(await resumeProgramme(target));
}

/** Ask again: the live feed may be away just when the answer comes. */
export async function refreshCommand(id: string): Promise<void> {
  learnCommand(await readCommand(id));
}
