/** Who did what, newest first, a page at a time. */
import { useCallback, useState } from "react";
import { readAudit } from "../api/people";
import type { AuditEntry, AuditSearch } from "../api/types";
import "../i18n/people";
import { useLocale } from "../i18n/locale";
import { Loading, Problem } from "../shared/Problem";
import { TableScroll } from "../shared/TableScroll";
import { useLoad } from "../shared/useLoad";
import "../styles/people.css";
import { EntryDialog } from "./EntryDialog";
import { SearchForm } from "./SearchForm";
import { whatExactly } from "./auditWords";
import { sheetAddress } from "./search";

const ROWS = 100;
const COLUMNS = ["at", "who", "address", "act", "target", "reason", "result"] as const;

function AuditRow({ entry, onOpen }: { entry: AuditEntry; onOpen: () => void }) {
  const locale = useLocale();
  const { t, f, word } = locale;
  const what = whatExactly(locale, entry);
  return (
    <tr>
      <td className="nowrap">
        <button type="button" className="link" aria-label={t("audit.open_one", { seq: entry.seq })} onClick={onOpen}>
          {f.dateTime(entry.at)}
        </button>
      </td>
      <td>{entry.who === "" ? "–" : entry.who}</td>
      <td>{entry.address}</td>
      <th scope="row">
        {word("act", entry.act)}
        {what === null ? null : <small className="weak"> {what}</small>}
      </th>
      <td className="any-text">{entry.target}</td>
      <td className="any-text">{entry.reason}</td>
      <td>{word("result", entry.result)}</td>
    </tr>
  );
}

interface TableProps {
  entries: readonly AuditEntry[];
  onOpen: (entry: AuditEntry) => void;
}

function AuditTable({ entries, onOpen }: TableProps) {
  const { t } = useLocale();
  return (
    <TableScroll label={t("audit.title")}>
      <table className="rows cards">
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
            <AuditRow key={entry.seq} entry={entry} onOpen={() => onOpen(entry)} />
          ))}
        </tbody>
      </table>
      {entries.length === 0 ? <p className="empty">{t("audit.none")}</p> : null}
    </TableScroll>
  );
}

/** The pages walked through so far: the `seq` before which each begins, the newest first. */
type Walked = readonly (number | null)[];
const NEWEST: Walked = [null];

function useAudit() {
  const [search, setSearch] = useState<AuditSearch>({});
  const [walked, setWalked] = useState<Walked>(NEWEST);
  const before = walked.at(-1) ?? null;
  const { loaded, again } = useLoad(useCallback(() => readAudit(search, ROWS, before), [search, before]));
  const searchFor = (wanted: AuditSearch): void => {
    setWalked(NEWEST);
    setSearch(wanted);
  };
  return { search, searchFor, walked, setWalked, loaded, again };
}

interface PagerProps {
  entries: readonly AuditEntry[];
  walked: Walked;
  onWalk: (walked: Walked) => void;
}

function Pager({ entries, walked, onWalk }: PagerProps) {
  const { t, f } = useLocale();
  const last = entries.at(-1);
  return (
    <nav className="pager" aria-label={t("audit.pages")}>
      <button type="button" disabled={walked.length === 1} onClick={() => onWalk(walked.slice(0, -1))}>
        {t("audit.newer")}
      </button>
      <span role="status">{last === undefined ? "" : t("audit.range", { first: f.number(entries[0]?.seq), last: f.number(last.seq) })}</span>
      <button type="button" disabled={last === undefined || entries.length < ROWS} onClick={() => last && onWalk([...walked, last.seq])}>
        {t("audit.older")}
      </button>
    </nav>
  );
}

export default function AuditPage() {
  const { t } = useLocale();
  const { search, searchFor, walked, setWalked, loaded, again } = useAudit();
  const [open, setOpen] = useState<AuditEntry | null>(null);
  return (
    <section className="page" aria-labelledby="audit-title">
      <header>
        <h2 id="audit-title">{t("audit.title")}</h2>
        <div className="acts">
          <a className="button" href={sheetAddress(search)} download>
            {t("audit.export")}
          </a>
          <button type="button" onClick={again}>
            {t("again")}
          </button>
        </div>
      </header>
      <SearchForm onSearch={searchFor} />
      {loaded.state === "loading" ? <Loading /> : null}
      {loaded.state === "failed" ? <Problem error={loaded.error} again={again} /> : null}
      {loaded.state === "here" ? (
        <>
          <AuditTable entries={loaded.value} onOpen={setOpen} />
          <Pager entries={loaded.value} walked={walked} onWalk={setWalked} />
        </>
      ) : null}
      {open === null ? null : <EntryDialog entry={open} onClose={() => setOpen(null)} />}
    </section>
  );
}
