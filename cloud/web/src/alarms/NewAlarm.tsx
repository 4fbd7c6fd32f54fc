/** Says a new alarm aloud for people who do not see the list. */
import { useEffect, useRef, useState } from "react";
import type { Alarm } from "../api/types";
import { useLocale } from "../i18n/locale";
import { useStore } from "../shared/store";
import { alarms, alarmsKnown, needsAcknowledging } from "../state/alarms";

function newest(known: readonly Alarm[]): Alarm | undefined {
  return known.filter(needsAcknowledging).toSorted((a, b) => b.raised_at.localeCompare(a.raised_at))[0];
}

export function NewAlarm() {
  const { t, name } = useLocale();
  const known = useStore(alarms);
  const ready = useStore(alarmsKnown);
  const [said, setSaid] = useState<Alarm | null>(null);
  const last = useRef<string | null>(null);
  useEffect(() => {
    if (!ready) return;
    const latest = newest(known);
    const isNew = last.current !== null && latest !== undefined && latest.raised_at > last.current;
    last.current = latest?.raised_at ?? last.current ?? "";
    if (isNew) setSaid(latest);
  }, [known, ready]);
  return (
    <p className="for-ears" role="status">
      {said === null ? "" : t("alarms.new", { title: name(said.title), place: name(said.place) })}
    </p>
  );
}
