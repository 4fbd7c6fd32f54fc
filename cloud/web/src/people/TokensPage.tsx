/** Tokens of machines: who made them, what they open, and when they were last used. */
import { useState } from "react";
import { readTokens, revokeToken } from "../api/people";
import type { Area, Token } from "../api/types";
import "../i18n/people";
import { useLocale } from "../i18n/locale";
import { Loading, Problem } from "../shared/Problem";
import { TableScroll } from "../shared/TableScroll";
import { useAct } from "../shared/useAct";
import { useLoad } from "../shared/useLoad";
import "../styles/people.css";
import { PeopleTabs } from "./PeopleTabs";
import { TokenDialog } from "./TokenDialog";
import { useAreaName, useAreas } from "./useAreas";

const COLUMNS = ["name", "grants", "made", "expires", "used", "act"] as const;

function Opens({ token, areas }: { token: Token; areas: readonly Area[] }) {
  const { word } = useLocale();
  const named = useAreaName(areas);
  return (
    <ul>
      {token.grants.map((grant) => (
        <li key={grant.area}>
          {grant.rights.map((right) => word("right", right)).join(", ")} <span className="weak">· {named(grant.area)}</span>
        </li>
      ))}
    </ul>
  );
}

interface RowProps {
  token: Token;
  areas: readonly Area[];
  busy: boolean;
  onRevoke: () => void;
}

function TokenRow({ token, areas, busy, onRevoke }: RowProps) {
  const { t, f } = useLocale();
  return (
    <tr>
      <th scope="row">{token.name}</th>
      <td>
        <Opens token={token} areas={areas} />
      </td>
      <td>{token.made_by}</td>
      <td className="nowrap">{f.dateTime(token.expires_at)}</td>
      <td className="nowrap">{token.last_used_at === null ? t("tokens.never_used") : f.dateTime(token.last_used_at)}</td>
      <td className="row-acts">
        <button type="button" disabled={busy} aria-label={t("tokens.revoke_one", { name: token.name })} onClick={onRevoke}>
          {t("tokens.revoke")}
        </button>
      </td>
    </tr>
  );
}

interface TableProps {
  tokens: readonly Token[];
  areas: readonly Area[];
  again: () => void;
}

function TokenTable({ tokens, areas, again }: TableProps) {
  const { t } = useLocale();
  const { busy, problem, act } = useAct();
  return (
    <>
      {problem === null ? null : <Problem error={problem} />}
      <TableScroll label={t("people_tab.tokens")}>
        <table className="rows cards">
          <thead>
            <tr>
              {COLUMNS.map((column) => (
                <th key={column} scope="col">
                  {t(`tokens.column_${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {tokens.map((token) => (
              <TokenRow key={token.id} token={token} areas={areas} busy={busy} onRevoke={() => act(() => revokeToken(token.id).then(again))} />
            ))}
          </tbody>
        </table>
        {tokens.length === 0 ? <p className="empty">{t("tokens.none")}</p> : null}
      </TableScroll>
    </>
  );
}

export default function TokensPage() {
  const { t } = useLocale();
  const { loaded, again } = useLoad(readTokens);
  const areas = useAreas();
  const [making, setMaking] = useState(false);
  return (
    <section className="page" aria-labelledby="tokens-title">
      <header>
        <h2 id="tokens-title">{t("tokens.title")}</h2>
        <PeopleTabs />
        <button type="button" onClick={() => setMaking(true)}>
          {t("tokens.make")}
        </button>
      </header>
      {loaded.state === "loading" ? <Loading /> : null}
      {loaded.state === "failed" ? <Problem error={loaded.error} again={again} /> : null}
      {loaded.state === "here" ? <TokenTable tokens={loaded.value} areas={areas} again={again} /> : null}
      {making ? <TokenDialog areas={areas} onClose={() => setMaking(false)} onDone={again} /> : null}
    </section>
  );
}
