/** The dialog of `askConfirmation`: a reason, and the proof that this person has to give. */
import { useState } from "react";
import { confirm, readAccount } from "../api/account";
import "../i18n/people";
import { useLocale } from "../i18n/locale";
import { CodeField } from "../session/CodeField";
import { passkeysThere, provePasskey } from "../session/passkey";
import { Dialog } from "../shared/Dialog";
import { Field } from "../shared/Field";
import { Loading, Problem } from "../shared/Problem";
import { sends, useAct, written } from "../shared/useAct";
import { useLoad } from "../shared/useLoad";
import "../styles/people.css";
import type { Asked, Need } from "./confirm";
import { type ProofKind, proofKinds } from "./proofKinds";

async function proved(kind: ProofKind, form: FormData): Promise<string> {
  if (kind === "passkey") return (await confirm(await provePasskey(null))).confirmation;
  const proof = kind === "password" ? { password: String(form.get("password")) } : { code: written(form, "code") };
  return (await confirm(proof)).confirmation;
}

function ProofField({ kind, wrong }: { kind: ProofKind; wrong: boolean }) {
  const { t } = useLocale();
  if (kind === "passkey") return <p className="weak">{t("confirm.by_passkey")}</p>;
  if (kind !== "password") return <CodeField recovery={kind === "recovery"} wrong={wrong} />;
  return <Field name="password" type="password" label={t("log_in.password")} autoComplete="current-password" maxLength={200} required aria-invalid={wrong} />;
}

interface KindChoiceProps {
  kinds: readonly ProofKind[];
  kind: ProofKind;
  onKind: (kind: ProofKind) => void;
}

function KindChoice({ kinds, kind, onKind }: KindChoiceProps) {
  const { t } = useLocale();
  if (kinds.length < 2) return null;
  return (
    <fieldset className="proof-kinds">
      <legend>{t("confirm.proof")}</legend>
      {kinds.map((it) => (
        <label key={it}>
          <input type="radio" name="proof" checked={it === kind} onChange={() => onKind(it)} /> {t(`proof.${it}`)}
        </label>
      ))}
    </fieldset>
  );
}

function Proof({ kinds, kind, onKind, wrong }: KindChoiceProps & { wrong: boolean }) {
  return (
    <>
      <KindChoice kinds={kinds} kind={kind} onKind={onKind} />
      <ProofField kind={kind} wrong={wrong} />
    </>
  );
}

function Asks({ asked, kinds }: { asked: Asked; kinds: readonly ProofKind[] }) {
  const { t } = useLocale();
  const [kind, setKind] = useState<ProofKind>(kinds[0] ?? "password");
  const { busy, problem, act } = useAct();
  const needs = (need: Need): boolean => asked.needs.includes(need);
  const give = async (form: FormData): Promise<void> => {
    const confirmation = needs("password") ? await proved(kind, form) : "";
    asked.answer({ reason: written(form, "reason"), confirmation });
  };
  return (
    <form className="dialog-form" onSubmit={sends(act, give)}>
      {asked.lines?.map((line) => <p key={line}>{line}</p>)}
      {needs("reason") ? <Field name="reason" label={t("confirm.reason")} autoComplete="off" maxLength={200} required /> : null}
      {needs("password") ? <Proof kinds={kinds} kind={kind} onKind={setKind} wrong={problem !== null} /> : null}
      {needs("second_person") ? <p className="notice">{t("confirm.second_person")}</p> : null}
      {problem === null ? null : <Problem error={problem} />}
      <div className="acts">
        <button type="submit" className="primary" disabled={busy}>
          {t("confirm.go")}
        </button>
        <button type="button" onClick={() => asked.answer(null)}>
          {t("confirm.cancel")}
        </button>
      </div>
    </form>
  );
}

export default function ConfirmDialog({ asked }: { asked: Asked }) {
  const { loaded } = useLoad(readAccount);
  return (
    <Dialog title={asked.title} onClose={() => asked.answer(null)}>
      {loaded.state === "loading" ? <Loading /> : null}
      {loaded.state === "failed" ? <Problem error={loaded.error} /> : null}
      {loaded.state === "here" ? <Asks asked={asked} kinds={proofKinds(loaded.value, passkeysThere())} /> : null}
    </Dialog>
  );
}
