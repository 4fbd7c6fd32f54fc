/** Where one is logged in, and the way to end it: a tablet that was left behind. */
import { endOtherSessions, endOwnSession } from "../api/account";
import type { Account } from "../api/types";
import { useLocale } from "../i18n/locale";
import { Problem } from "../shared/Problem";
import { useAct } from "../shared/useAct";
import { AccountPart } from "./AccountPart";

type Own = Account["sessions"][number];

function Line({ own, busy, onEnd }: { own: Own; busy: boolean; onEnd: () => void }) {
  const { t, f } = useLocale();
  return (
    <li>
      <span>
        <strong>{own.address ?? t("unknown")}</strong>{" "}
        <small className="weak">
          {t("own_sessions.times", { opened: f.dateTime(own.opened_at), seen: f.dateTime(own.seen_at) })}
        </small>
      </span>
      {own.is_current ? (
        <span className="weak">{t("own_sessions.this")}</span>
      ) : (
        <button type="button" disabled={busy} onClick={onEnd}>
          {t("sessions.end")}
        </button>
      )}
    </li>
  );
}

export function OwnSessions({ sessions, again }: { sessions: readonly Own[]; again: () => void }) {
  const { t } = useLocale();
  const { busy, problem, act } = useAct();
  const hasOthers = sessions.some((own) => !own.is_current);
  return (
    <AccountPart title={t("own_sessions.title")}>
      <ul className="lines">
        {sessions.map((own) => (
          <Line key={own.id} own={own} busy={busy} onEnd={() => act(() => endOwnSession(own.id).then(again))} />
        ))}
      </ul>
      {problem === null ? null : <Problem error={problem} />}
      {hasOthers ? (
        <button type="button" disabled={busy} onClick={() => act(() => endOtherSessions().then(again))}>
          {t("own_sessions.end_others")}
        </button>
      ) : null}
    </AccountPart>
  );
}
