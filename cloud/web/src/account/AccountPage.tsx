/** One's own account: language, password, second factors, and where one is logged in. */
import { readAccount } from "../api/account";
import type { Account } from "../api/types";
import "../i18n/people";
import { useLocale } from "../i18n/locale";
import { Loading, Problem } from "../shared/Problem";
import { useLoad } from "../shared/useLoad";
import "../styles/people.css";
import { Authenticator } from "./Authenticator";
import { LanguagePart } from "./LanguagePart";
import { OwnSessions } from "./OwnSessions";
import { Passkeys } from "./Passkeys";
import { PasswordPart } from "./PasswordPart";

function Who({ account }: { account: Account }) {
  const { t } = useLocale();
  return (
    <p className="weak account-who">
      {account.username}
      {account.email === null ? null : ` · ${account.email}`}
      {account.email === null ? ` · ${t("account.no_email")}` : null}
    </p>
  );
}

export default function AccountPage() {
  const { t } = useLocale();
  const { loaded, again } = useLoad(readAccount);
  return (
    <section className="page account" aria-labelledby="account-title">
      <header>
        <h2 id="account-title">{loaded.state === "here" ? loaded.value.display_name : t("account.title")}</h2>
      </header>
      {loaded.state === "loading" ? <Loading /> : null}
      {loaded.state === "failed" ? <Problem error={loaded.error} again={again} /> : null}
      {loaded.state === "here" ? (
        <div className="account-parts">
          <Who account={loaded.value} />
          <LanguagePart />
          <PasswordPart />
          <Authenticator account={loaded.value} again={again} />
          <Passkeys account={loaded.value} again={again} />
          <OwnSessions sessions={loaded.value.sessions} again={again} />
        </div>
      ) : null}
    </section>
  );
}
