/** One person: what they may do where, and the acts that one asks for by telephone. */
import { useState } from "react";
import { endSessionsOf, forgetFactors, givePassword, putEmail, putGrants, putStanding } from "../api/people";
import type { Area, Grant, PasswordForOnce, Person } from "../api/types";
import type { TextKey } from "../i18n/dictionary";
import { useLocale } from "../i18n/locale";
import { Dialog } from "../shared/Dialog";
import { Field } from "../shared/Field";
import { Problem } from "../shared/Problem";
import { useStore } from "../shared/store";
import { type Act, sends, useAct, written } from "../shared/useAct";
import { may, session } from "../state/session";
import { GrantsEditor } from "./GrantsEditor";
import { PasswordOnce } from "./PasswordOnce";
import { withoutDoubles } from "./areas";

interface PersonProps {
  person: Person;
  areas: readonly Area[];
  onClose: () => void;
  onDone: () => void;
}

function GrantsForm({ person, areas, onDone }: Omit<PersonProps, "onClose">) {
  const { t } = useLocale();
  const [grants, setGrants] = useState<Grant[]>(person.grants);
  const { busy, problem, act } = useAct();
  const save = () => putGrants(person.username, withoutDoubles(grants)).then(onDone);
  return (
    <form className="dialog-form" onSubmit={sends(act, save)}>
      <GrantsEditor grants={grants} areas={areas} onGrants={setGrants} />
      {problem === null ? null : <Problem error={problem} />}
      <div className="acts">
        <button type="submit" className="primary" disabled={busy}>
          {t("grants.save")}
        </button>
        <p className="weak">{t("grants.ends_sessions")}</p>
      </div>
    </form>
  );
}

function EmailForm({ person, onDone }: Pick<PersonProps, "person" | "onDone">) {
  const { t } = useLocale();
  const { busy, problem, act } = useAct();
  const save = (form: FormData) => putEmail(person.username, written(form, "email") || null).then(onDone);
  return (
    <form className="one-line" onSubmit={sends(act, save)}>
      <Field name="email" type="email" label={t("people.email")} defaultValue={person.email ?? ""} autoComplete="off" maxLength={254} />
      <button type="submit" disabled={busy}>
        {t("people.save_email")}
      </button>
      {problem === null ? null : <Problem error={problem} />}
    </form>
  );
}

interface OneActProps {
  words: TextKey;
  hint: TextKey;
  busy: boolean;
  onPress: () => void;
}

function OneAct({ words, hint, busy, onPress }: OneActProps) {
  const { t } = useLocale();
  return (
    <li>
      <button type="button" disabled={busy} onClick={onPress}>
        {t(words)}
      </button>
      <small className="weak">{t(hint)}</small>
    </li>
  );
}

interface ActsProps extends Act {
  person: Person;
  onDone: () => void;
  onPassword: (given: PasswordForOnce) => void;
}

function Acts({ person, busy, act, onDone, onPassword }: ActsProps) {
  const { t } = useLocale();
  const [said, setSaid] = useState<TextKey | null>(null);
  const done = (work: () => Promise<unknown>, words: TextKey) => (): void => {
    setSaid(null);
    act(() => work().then(() => (setSaid(words), onDone())));
  };
  const standing = done(() => putStanding(person.username, !person.disabled), person.disabled ? "people.now_enabled" : "people.now_disabled");
  const password = (): void => act(() => givePassword(person.username).then(onPassword));
  return (
    <>
      <ul className="person-acts">
        <OneAct words="people.new_password" hint="people.new_password_hint" busy={busy} onPress={password} />
        <OneAct words="people.forget_factors" hint="people.forget_factors_hint" busy={busy} onPress={done(() => forgetFactors(person.username), "people.factors_forgotten")} />
        <OneAct words="people.end_sessions" hint="people.end_sessions_hint" busy={busy} onPress={done(() => endSessionsOf(person.username), "people.sessions_ended")} />
        <OneAct words={person.disabled ? "people.enable" : "people.disable"} hint={person.disabled ? "people.enable_hint" : "people.disable_hint"} busy={busy} onPress={standing} />
      </ul>
      <p role="status">{said === null ? "" : t(said)}</p>
    </>
  );
}

export function PersonDialog({ person, areas, onClose, onDone }: PersonProps) {
  const [given, setGiven] = useState<PasswordForOnce | null>(null);
  const acting = useAct();
  const mayManage = may(useStore(session), "people.manage");
  return (
    <Dialog title={`${person.display_name} (${person.username})`} onClose={onClose}>
      {mayManage ? <GrantsForm person={person} areas={areas} onDone={onDone} /> : null}
      {mayManage ? <EmailForm person={person} onDone={onDone} /> : null}
      {given === null ? null : <PasswordOnce given={given} />}
      <Acts person={person} onDone={onDone} onPassword={setGiven} {...acting} />
      {acting.problem === null ? null : <Problem error={acting.problem} />}
    </Dialog>
  );
}
