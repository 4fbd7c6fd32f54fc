/** A role that must have a second factor: whoever has none yet takes one before anything else. */
import { Authenticator } from "../account/Authenticator";
import { Passkeys } from "../account/Passkeys";
import { readAccount } from "../api/account";
import { logOut, whoAmI } from "../api/client";
import type { Account, Me } from "../api/types";
import { Confirmations } from "../confirm/Confirmations";
import "../i18n/people";
import { useLocale } from "../i18n/locale";
import { Loading, Problem } from "../shared/Problem";
import { useAct } from "../shared/useAct";
import { useLoad } from "../shared/useLoad";
import "../styles/people.css";
import { enter } from "./enter";

function Onwards({ account }: { account: Account }) {
  const { t } = useLocale();
  const { busy, problem, act } = useAct();
  const hasOne = account.totp_since !== null || account.passkeys.length > 0;
  return (
    <div className="acts">
      <button type="button" className="primary" disabled={busy || !hasOne} onClick={() => act(() => whoAmI().then(enter))}>
        {t("held.onwards")}
      </button>
      <button type="button" onClick={() => void logOut().finally(() => location.replace("/"))}>
        {t("top.log_out")}
      </button>
      {problem === null ? null : <Problem error={problem} />}
    </div>
  );
}

/** Goes on when the person says so: recovery codes have to be written down first. */
export default function TakeFactorPage({ me }: { me: Me }) {
  const { t } = useLocale();
  const { loaded, again } = useLoad(readAccount);
  return (
    <main className="page account">
      <h1>{t("held.factor", { name: me.display_name })}</h1>
      {loaded.state === "loading" ? <Loading /> : null}
      {loaded.state === "failed" ? <Problem error={loaded.error} again={again} /> : null}
      {loaded.state === "here" ? (
        <>
          <div className="account-parts">
            <Authenticator account={loaded.value} again={again} />
            <Passkeys account={loaded.value} again={again} />
          </div>
          <Onwards account={loaded.value} />
        </>
      ) : null}
      <Confirmations />
    </main>
  );
}
