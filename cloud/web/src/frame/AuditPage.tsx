/** Who did what, newest first. */
import { readAudit } from "../api/client";
import type { AuditEntry } from "../api/types";
import { useLocale } from "../i18n/locale";
import { Loading, Problem } from "../shared/Problem";
import { TableScroll } from "../shared/TableScroll";
import { useLoad } from "../shared/useLoad";
import { whatExactly } from "./auditWords";

const MOST = 500;
const COLUMNS = ["at", "who", "address", "act", "target", "reason", "result"] as const;
const ask = () => readAudit(MOST);

function AuditRow({ entry }: { entry: AuditEntry }) {
  const locale = useLocale();
  const { f, word } = locale;
  const what = whatExactly(locale, entry);
  return (
    <tr>
      <td className="nowrap">{f.dateTime(entry.at)}</td>
      <td>{entry.who}</td>
      <td>{entry.address}</td>
      <th scope="row">
        {word("act", entry.act)}
        {what === null ? null : <small className="weak"> {what}</small>}
      </th>
      <td>{entry.target}</td>
      <td>{entry.reason}</td>
      <td>{word("result", entry.result)}</td>
    </tr>
  );
}

function AuditTable({ entries }: { entries: readonly AuditEntry[] }) {
  const { t } = useLocale();
  return (
    <TableScroll label={t("audit.title")}>
      <table className="rows">
        <thead>
          <tr>
            {COLUMNS.map((column) => (
              <th key={column} scope="col">
                {t(`audit.column_${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <AuditRow key={entry.seq} entry={entry} />
          ))}
        </tbody>
      </table>
      {entries.length === 0 ? <p className="empty">{t("audit.none")}</p> : null}
    </TableScroll>
  );
}

export function AuditPage() {
  const { t } = useLocale();
  const { loaded, again } = useLoad(ask);
  return (
    <section className="page" aria-labelledby="audit-title">
      <header>
        <h2 id="audit-title">{t("audit.title")}</h2>
        <button type="button" onClick={again}>
          {t("again")}
        </button>
      </header>
      {loaded.state === "loading" ? <Loading /> : null}
      {loaded.state === "failed" ? <Problem error={loaded.error} again={again} /> : null}
      {loaded.state === "here" ? <AuditTable entries={loaded.value} /> : null}
    </section>
  );
}
