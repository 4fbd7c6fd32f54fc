/** One luminaire, kept fresh: asked for when it is opened and when something happened to it, live values in between. */
import { useCallback, useEffect } from "react";
import { readLuminaire } from "../api/client";
import type { Command, Luminaire } from "../api/types";
import { lampStore } from "../map/lampStore";
import { type LampState, STATES, stateOf } from "../map/states";
import { useStore } from "../shared/store";
import { type Loaded, useEvery, useLoad } from "../shared/useLoad";
import { alarms } from "../state/alarms";
import { isUnderWay, lastCommands, learnCommand, refreshCommand } from "../state/commands";
import { type Latest, latest, merged, watch } from "../state/latest";
import { useSyncExternalStore } from "react";

const REFRESH_MS = 15_000;
const ASK_COMMAND_MS = 3000;

function useCommandOf(id: string, lamp: Luminaire | null): Command | null {
  const command = useStore(lastCommands)[id] ?? lamp?.last_command ?? null;
  useEffect(() => {
    if (lamp?.last_command) learnCommand(lamp.last_command);
  }, [lamp]);
  const open = command !== null && isUnderWay(command) ? command.id : null;
  const ask = useCallback(() => void (open !== null && refreshCommand(open).catch(() => undefined)), [open]);
  useEvery(ASK_COMMAND_MS, ask);
  return command;
}

/** Ask again when one of its alarms or its command has moved on. */
function useRefresh(id: string, again: () => void): void {
  const command = useStore(lastCommands)[id];
  const alarmStates = useStore(alarms)
    .filter((alarm) => alarm.source === id)
    .map((alarm) => `${alarm.id} ${alarm.state}`)
    .join();
  useEffect(again, [again, command?.state, alarmStates]);
  useEvery(REFRESH_MS, again);
}

function useLatestOf(id: string, lamp: Luminaire | null): Latest | null {
  useEffect(() => watch(id), [id]);
  const live = useStore(latest)[id];
  const read = lamp?.latest.at ? { at: lamp.latest.at, values: lamp.latest.values } : undefined;
  if (live === undefined) return read ?? null;
  return read === undefined ? live : merged(read, live);
}

export interface LampView {
  loaded: Loaded<Luminaire>;
  again: () => void;
  command: Command | null;
  values: Latest | null;
}

export function useLamp(id: string): LampView {
  const { loaded, again } = useLoad(useCallback(() => readLuminaire(id), [id]));
  const lamp = loaded.state === "here" ? loaded.value : null;
  useRefresh(id, again);
  return { loaded, again, command: useCommandOf(id, lamp), values: useLatestOf(id, lamp) };
}

function asState(word: string): LampState {
  return STATES.find((state) => state === word) ?? "unknown";
}

/** The state as the map shows it now; the word in the answer while the map is not there. */
export function useLampState(lamp: Luminaire): LampState {
  const byte = useSyncExternalStore(lampStore.subscribe, () => lampStore.lamps.state[lamp.index]);
  return byte === undefined ? asState(lamp.state) : stateOf(byte);
}
