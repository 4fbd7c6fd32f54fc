/** The alarms that this page knows, newest word of each. */
import { acknowledgeAlarm, readAlarms } from "../api/client";
import type { Alarm } from "../api/types";
import { createStore } from "../shared/store";

export const alarms = createStore<readonly Alarm[]>([]);
/** `false` until the list has been read: an empty list and an unknown one are not the same. */
export const alarmsKnown = createStore(false);

const CLEARED = "cleared";
const TO_ACKNOWLEDGE: ReadonlySet<string> = new Set(["unacked", "rtn_unacked"]);

export type Tab = "unacked" | "acked" | "all";

export function needsAcknowledging(alarm: Alarm): boolean {
  return TO_ACKNOWLEDGE.has(alarm.state);
}

export function isOpen(alarm: Alarm): boolean {
  return alarm.state !== CLEARED;
}

const SHOWN: Record<Tab, (alarm: Alarm) => boolean> = {
  unacked: needsAcknowledging,
  acked: (alarm) => isOpen(alarm) && !needsAcknowledging(alarm),
  all: () => true,
};

/** What a person should look at first: not yet acknowledged, then open, then by priority, then the newest. */
function byUrgency(a: Alarm, b: Alarm): number {
  return (
    Number(needsAcknowledging(b)) - Number(needsAcknowledging(a)) ||
    Number(isOpen(b)) - Number(isOpen(a)) ||
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
