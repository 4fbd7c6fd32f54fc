/** What needs a response, the most urgent first. J and K walk the list, A acknowledges. */
import { useCallback, useEffect, useRef, useState } from "react";
import { useLocale } from "../i18n/locale";
import { Loading } from "../shared/Problem";
import { useStore } from "../shared/store";
import { type Tab, alarms, alarmsKnown, loadAlarms, shown } from "../state/alarms";
import type { Alarm } from "../api/types";
import { AlarmRow } from "./AlarmRow";
import { useAcknowledge } from "./useAcknowledge";

const TABS: readonly Tab[] = ["unacked", "acked", "all"];

function TabButtons({ tab, onTab }: { tab: Tab; onTab: (tab: Tab) => void }) {
  const { t, f } = useLocale();
  const known = useStore(alarms);
  return (
    <div className="tabs" role="group" aria-label={t("alarms.filter")}>
      {TABS.map((it) => (
        <button key={it} type="button" aria-pressed={tab === it} onClick={() => onTab(it)}>
          {t(`alarms.tab_${it}`)}
          {it === "all" ? null : ` ${f.number(shown(known, it).length)}`}
        </button>
      ))}
    </div>
  );
}

const TYPING = "input, textarea, select, [contenteditable]";

function isTyping(event: KeyboardEvent): boolean {
  return event.target instanceof Element && event.target.closest(TYPING) !== null;
}

/** The alarm that has the focus: what a key means even while the page still follows a click. */
function focused(event: KeyboardEvent): string | null {
  const row = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-alarm]") : null;
  return row?.dataset["alarm"] ?? null;
}

function useAlarmKeys(onStep: (by: number) => void, onAcknowledge: (alarm: string | null) => void): void {
  useEffect(() => {
    const keys: Record<string, (event: KeyboardEvent) => void> = {
      j: () => onStep(1),
      k: () => onStep(-1),
      a: (event) => onAcknowledge(focused(event)),
    };
    const press = (event: KeyboardEvent): void => {
      if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
      keys[event.key.toLowerCase()]?.(event);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [onStep, onAcknowledge]);
}

function useTab(): [Tab, (tab: Tab) => void] {
  const [tab, setTab] = useState<Tab>("unacked");
  const choose = useCallback((next: Tab) => {
    setTab(next);
    if (next === "all") loadAlarms("all").catch(() => undefined);
  }, []);
  return [tab, choose];
}

interface AlarmListProps {
  chosen: string | null;
  onChoose: (alarm: Alarm) => void;
}

export function AlarmList({ chosen, onChoose }: AlarmListProps) {
  const { t, f } = useLocale();
  const [tab, setTab] = useTab();
  const known = useStore(alarms);
  const ready = useStore(alarmsKnown);
  const { acknowledge, mayAcknowledge } = useAcknowledge();
  const rows = shown(known, tab);
  const list = useRef<HTMLUListElement>(null);
  const step = (by: number): void => {
    const at = rows.findIndex((alarm) => alarm.id === chosen);
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
    if (next === undefined) return;
    onChoose(next);
    list.current?.querySelector<HTMLElement>(`[data-alarm="${CSS.escape(next.id)}"]`)?.focus();
  };
  useAlarmKeys(step, (focus) => {
    const alarm = focus ?? chosen;
    if (alarm !== null && mayAcknowledge) acknowledge(alarm);
  });
  return (
    <section className="alarms" aria-labelledby="alarms-title">
      <header>
        <h2 id="alarms-title">
          {t("alarms.title")} <small>{ready ? f.number(shown(known, "unacked").length + shown(known, "acked").length) : ""}</small>
        </h2>
        <TabButtons tab={tab} onTab={setTab} />
      </header>
      {ready ? null : <Loading />}
      {ready && rows.length === 0 ? <p className="empty">{t(`alarms.none_${tab}`)}</p> : null}
      <ul ref={list} className="alarm-rows">
        {rows.map((alarm) => (
          <AlarmRow key={alarm.id} alarm={alarm} chosen={alarm.id === chosen} onChoose={onChoose} />
        ))}
      </ul>
    </section>
  );
}
