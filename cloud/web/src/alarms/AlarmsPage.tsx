/** All alarms with all their columns, the cleared ones too. */
import { useEffect, useState } from "react";
import type { Alarm } from "../api/types";
import { useLocale } from "../i18n/locale";
import { Problem } from "../shared/Problem";
import { TableScroll } from "../shared/TableScroll";
import { PrioritySymbol } from "../shared/Symbols";
import { hrefOf } from "../shared/route";
import { useStore } from "../shared/store";
import { alarms, loadAlarms, needsAcknowledging, shown } from "../state/alarms";
import { useAcknowledge } from "./useAcknowledge";

const COLUMNS = ["priority", "state", "raised", "title", "source", "place", "reason", "returned", "acked", "act"] as const;

function Who({ alarm }: { alarm: Alarm }) {
  const { f } = useLocale();
  return alarm.acked_at === null ? null : (
    <>
      {alarm.acked_by} <small>{f.dateTime(alarm.acked_at)}</small>
    </>
  );
}

function Act({ alarm }: { alarm: Alarm }) {
  const { t } = useLocale();
  const { mayAcknowledge, acknowledge, problem } = useAcknowledge();
  if (!mayAcknowledge || !needsAcknowledging(alarm)) return null;
  return (
    <>
      <button type="button" onClick={() => acknowledge(alarm.id)}>
        {t("alarms.acknowledge")}
      </button>
      {problem === null ? null : <Problem error={problem} />}
    </>
  );
}

function AlarmTableRow({ alarm }: { alarm: Alarm }) {
  const { t, f, name, word } = useLocale();
  return (
    <tr className={needsAcknowledging(alarm) ? "to-acknowledge" : ""}>
      <td className="nowrap">
        <PrioritySymbol priority={alarm.priority} label={t("alarms.priority", { priority: alarm.priority })} />{" "}
        {word("priority", String(alarm.priority))}
      </td>
      <td>{word("alarm_state", alarm.state)}</td>
      <td className="nowrap">{f.dateTime(alarm.raised_at)}</td>
      <th scope="row">
        {name(alarm.title)}
      </th>
      <td className="nowrap">
        <a href={hrefOf({ view: "overview", panel: { kind: "lamp", id: alarm.source } })}>{alarm.source}</a>
      </td>
      <td>{name(alarm.place)}</td>
      <td>{name(alarm.reason)}</td>
      <td className="nowrap">{alarm.returned_at === null ? null : f.dateTime(alarm.returned_at)}</td>
      <td>
        <Who alarm={alarm} />
      </td>
      <td>
        <Act alarm={alarm} />
      </td>
    </tr>
  );
}

export default function AlarmsPage() {
  const { t } = useLocale();
  const [problem, setProblem] = useState<unknown>(null);
  const known = useStore(alarms);
  useEffect(() => void loadAlarms("all").catch(setProblem), []);
  return (
    <section className="page" aria-labelledby="alarms-page-title">
      <header>
        <h2 id="alarms-page-title">{t("alarms.page_title")}</h2>
      </header>
      {problem === null ? null : <Problem error={problem} />}
      <TableScroll label={t("alarms.page_title")}>
        <table className="rows cards">
          <thead>
            <tr>
              {COLUMNS.map((column) => (
                <th key={column} scope="col">
                  {t(`alarms.column_${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown(known, "all").map((alarm) => (
              <AlarmTableRow key={alarm.id} alarm={alarm} />
            ))}
          </tbody>
        </table>
      </TableScroll>
      {known.length === 0 ? <p className="empty">{t("alarms.none_all")}</p> : null}
    </section>
  );
}
