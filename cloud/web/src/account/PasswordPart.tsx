import { useState } from "react";
import { changePassword } from "../api/account";
import { useLocale } from "../i18n/locale";
import { NewPasswordFields, chosen } from "../session/NewPassword";
import { Field } from "../shared/Field";
import { Problem } from "../shared/Problem";
import { sends, useAct } from "../shared/useAct";
import { AccountPart } from "./AccountPart";

export function PasswordPart() {
  const { t } = useLocale();
  const [times, setTimes] = useState(0);
  const { busy, problem, act } = useAct();
  const change = async (form: FormData): Promise<void> => {
    await changePassword(String(form.get("current")), chosen(form));
    setTimes((it) => it + 1);
  };
  return (
    <AccountPart title={t("account.password")}>
      {/* Another key is an empty form: no password stands on the page longer than it has to. */}
      <form key={times} className="dialog-form" onSubmit={sends(act, change)}>
        <Field name="current" type="password" label={t("password.current")} autoComplete="current-password" maxLength={200} required />
        <NewPasswordFields />
        {problem === null ? null : <Problem error={problem} />}
        <div className="acts">
          <button type="submit" disabled={busy}>
            {t("password.change")}
          </button>
          <p role="status">{times === 0 ? "" : t("password.changed")}</p>
        </div>
      </form>
    </AccountPart>
  );
}
