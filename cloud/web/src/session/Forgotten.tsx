/** Who has forgotten the password asks for a link. The answer is the same whoever is asked for. */
import { useState } from "react";
import { askForReset } from "../api/account";
import "../i18n/people";
import { useLocale } from "../i18n/locale";
import { Field } from "../shared/Field";
import { problemKey } from "../shared/problemText";
import { sends, useAct, written } from "../shared/useAct";
import { Door, DoorProblem, focusFirst } from "./Door";

function AskForm({ onAsked }: { onAsked: () => void }) {
  const { t } = useLocale();
  const { busy, problem, act } = useAct();
  const ask = (form: FormData) => askForReset(written(form, "username")).then(onAsked);
  return (
    <form ref={focusFirst} onSubmit={sends(act, ask)}>
      <Field name="username" type="text" label={t("log_in.username")} autoComplete="username" autoCapitalize="none" spellCheck={false} maxLength={64} required />
      <DoorProblem text={problem === null ? "" : t(problemKey(problem))} />
      <button type="submit" className="primary" disabled={busy}>
        {t("forgotten.ask")}
      </button>
    </form>
  );
}

export default function Forgotten({ back }: { back: () => void }) {
  const { t } = useLocale();
  const [asked, setAsked] = useState(false);
  return (
    <Door subtitle={t("forgotten.title")}>
      {asked ? <p role="status">{t("forgotten.asked")}</p> : <AskForm onAsked={() => setAsked(true)} />}
      <button type="button" className="link" onClick={back}>
        {t("second.back")}
      </button>
    </Door>
  );
}
