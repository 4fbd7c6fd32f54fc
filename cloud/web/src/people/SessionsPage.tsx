/** Who is in right now. A session that is ended here is dead at once, also on its live feeds. */
import { endSession, readSessions } from "../api/people";
import type { OpenSession } from "../api/types";
import "../i18n/people";
import { useLocale } from "../i18n/locale";
import { Loading, Problem } from "../shared/Problem";
import { TableScroll } from "../shared/TableScroll";
import { useStore } from "../shared/store";
import { useAct } from "../shared/useAct";
import { useEvery, useLoad } from "../shared/useLoad";
import { session } from "../state/session";
import "../styles/people.css";
import { PeopleTabs } from "./PeopleTabs";

const COLUMNS = ["who", "opened", "expires", "address", "act"] as const;
const REFRESH_MS = 10_000;

interface RowProps {
  open: OpenSession;
  isMine: boolean;
  busy: boolean;
  onEnd: () => void;
}

function SessionRow({ open, isMine, busy, onEnd }: RowProps) {
  const { t, f } = useLocale();
  return (
    <tr>
      <th scope="row">
        {open.username} {isMine ? <small className="weak">{t("sessions.mine")}</small> : null}
      </th>
      <td className="nowrap">{f.dateTime(open.opened_at)}</td>
      <td className="nowrap">{f.dateTime(open.expires_at)}</td>
      <td>{open.address}</td>
      <td className="row-acts">
        <button type="button" disabled={busy} aria-label={t("sessions.end_one", { name: open.username })} onClick={onEnd}>
          {t("sessions.end")}
        </button>
      </td>
    </tr>
  );
}

function SessionTable({ sessions, again }: { sessions: readonly OpenSession[]; again: () => void }) {
  const { t } = useLocale();
  const current = useStore(session);
  const { busy, problem, act } = useAct();
  const me = current.state === "in" ? current.me.username : null;
  return (
    <>
      {problem === null ? null : <Problem error={problem} />}
      <TableScroll label={t("people_tab.sessions")}>
        <table className="rows cards">
          <thead>
            <tr>
              {COLUMNS.map((column) => (
                <th key={column} scope="col">
                  {t(`sessions.column_${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sessions.map((open) => (
              <SessionRow key={open.id} open={open} isMine={open.username === me} busy={busy} onEnd={() => act(() => endSession(open.id).then(again))} />
            ))}
          </tbody>
        </table>
      </TableScroll>
    </>
  );
}

export default function SessionsPage() {
  const { t } = useLocale();
  const { loaded, again } = useLoad(readSessions);
  useEvery(REFRESH_MS, again);
  return (
    <section className="page" aria-labelledby="sessions-title">
      <header>
        <h2 id="sessions-title">{t("sessions.title")}</h2>
        <PeopleTabs />
        <button type="button" onClick={again}>
          {t("again")}
        </button>
      </header>
      {loaded.state === "loading" ? <Loading /> : null}
      {loaded.state === "failed" ? <Problem error={loaded.error} again={again} /> : null}
      {loaded.state === "here" ? <SessionTable sessions={loaded.value} again={again} /> : null}
    </section>
  );
}
