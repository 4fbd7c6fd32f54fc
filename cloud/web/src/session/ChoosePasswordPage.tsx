/** Whoever came with a password for once chooses one of their own before anything else. */
import { changePassword } from "../api/account";
import { logOut } from "../api/client";
import type { Me } from "../api/types";
import "../i18n/people";
import { useLocale } from "../i18n/locale";
import { Field } from "../shared/Field";
import { problemKey } from "../shared/problemText";
import { sends, useAct } from "../shared/useAct";
import { Door, DoorProblem, focusFirst } from "./Door";
import { NewPasswordFields, chosen } from "./NewPassword";
import { enter } from "./enter";

async function choose(form: FormData): Promise<void> {
  enter(await changePassword(String(form.get("current")), chosen(form)));
}

export default function ChoosePasswordPage({ me }: { me: Me }) {
  const { t } = useLocale();
  const { busy, problem, act } = useAct();
  return (
    <Door subtitle={t("held.title", { name: me.display_name })}>
      <form ref={focusFirst} onSubmit={sends(act, choose)}>
        <Field name="current" type="password" label={t("held.current")} autoComplete="current-password" maxLength={200} required />
        <NewPasswordFields />
        <DoorProblem text={problem === null ? "" : t(problemKey(problem))} />
        <button type="submit" className="primary" disabled={busy}>
          {t("password.choose")}
        </button>
      </form>
      <button type="button" className="link" onClick={() => void logOut().finally(() => location.replace("/"))}>
        {t("top.log_out")}
      </button>
    </Door>
  );
}
