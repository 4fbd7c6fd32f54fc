/** The alarms that this page knows, newest word of each. */
import { acknowledgeAlarm, readAlarms } from "../api/client";
import type { Alarm } from "../api/types";
import { createStore } from "../shared/store";

export const alarms = createStore<readonly Alarm[]>([]);
/** `false` until the list has been read: an empty list and an unknown one are not the same. */
export const alarmsKnown = createStore(false);

type State = Alarm["state"];

/** After the alarm's life in ISA-18.2: what waits for a person, and what stands in the operator's list at all. */
const TO_ACKNOWLEDGE: ReadonlySet<State> = new Set(["unacked", "rtn_unacked"]);
const LISTED: ReadonlySet<State> = new Set([...TO_ACKNOWLEDGE, "acked"]);

export type Tab = "unacked" | "acked" | "all";

export function needsAcknowledging(alarm: Alarm): boolean {
  return TO_ACKNOWLEDGE.has(alarm.state);
}

export function isListed(alarm: Alarm): boolean {
  return LISTED.has(alarm.state);
}

const SHOWN: Record<Tab, (alarm: Alarm) => boolean> = {
  unacked: needsAcknowledging,
  acked: (alarm) => alarm.state === "acked",
  all: () => true,
};

/** What a person should look at first: not yet acknowledged, then in the list, then by priority, then the newest. */
function byUrgency(a: Alarm, b: Alarm): number {
  return (
    Number(needsAcknowledging(b)) - Number(needsAcknowledging(a)) ||
    Number(isListed(b)) - Number(isListed(a)) ||
    a.priority - b.priority ||
    b.raised_at.localeCompare(a.raised_at)
  );
}

export function shown(all: readonly Alarm[], tab: Tab): Alarm[] {
  return all.filter(SHOWN[tab]).toSorted(byUrgency);
}

export function learned(all: readonly Alarm[], alarm: Alarm): readonly Alarm[] {
  return all.some((known) => known.id === alarm.id)
    ? all.map((known) => (known.id === alarm.id ? alarm : known))
    : [...all, alarm];
}

export function learnAlarm(alarm: Alarm): void {
  alarms.update((all) => learned(all, alarm));
}

export async function loadAlarms(state: "open" | "all" = "open"): Promise<void> {
  const read = await readAlarms(state);
  alarms.set(read);
  alarmsKnown.set(true);
}

export async function acknowledge(id: string): Promise<void> {
  learnAlarm(await acknowledgeAlarm(id));
}
