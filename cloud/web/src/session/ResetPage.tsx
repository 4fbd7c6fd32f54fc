/** What the link in the mail opens: a new password, once. */
import { useState } from "react";
import { resetPassword } from "../api/account";
import "../i18n/people";
import { useLocale } from "../i18n/locale";
import { problemKey } from "../shared/problemText";
import { sends, useAct } from "../shared/useAct";
import { Door, DoorProblem, focusFirst } from "./Door";
import { NewPasswordFields, chosen } from "./NewPassword";

function ResetForm({ token, onDone }: { token: string; onDone: () => void }) {
  const { t } = useLocale();
  const { busy, problem, act } = useAct();
  const reset = async (form: FormData): Promise<void> => {
    await resetPassword(token, chosen(form));
    onDone();
  };
  return (
    <form ref={focusFirst} onSubmit={sends(act, reset)}>
      <NewPasswordFields />
      <DoorProblem text={problem === null ? "" : t(problemKey(problem))} />
      <button type="submit" className="primary" disabled={busy}>
        {t("password.choose")}
      </button>
    </form>
  );
}

export default function ResetPage({ token, onLeave }: { token: string; onLeave: () => void }) {
  const { t } = useLocale();
  const [done, setDone] = useState(false);
  return (
    <Door subtitle={t("reset.title")}>
      {done ? <p role="status">{t("reset.done")}</p> : <ResetForm token={token} onDone={() => setDone(true)} />}
      <button type="button" className={done ? "primary" : "link"} onClick={onLeave}>
        {t("reset.to_log_in")}
      </button>
    </Door>
  );
}
