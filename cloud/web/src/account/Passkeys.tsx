/** Passkeys: a key in this machine, a phone or a stick, each with a name that its owner knows it by. */
import { useState } from "react";
import { removePasskey } from "../api/account";
import type { Account } from "../api/types";
import { confirmed } from "../confirm/confirm";
import { useLocale } from "../i18n/locale";
import { makePasskey, passkeysThere } from "../session/passkey";
import { Field } from "../shared/Field";
import { Problem } from "../shared/Problem";
import { sends, useAct, written } from "../shared/useAct";
import { AccountPart } from "./AccountPart";
import { RecoveryCodes } from "./RecoveryCodes";

const LONGEST_NAME = 60;

interface PasskeysProps {
  account: Account;
  again: () => void;
}

function List({ account, again }: PasskeysProps) {
  const { t, f } = useLocale();
  const { busy, problem, act } = useAct();
  return (
    <>
      <ul className="lines">
        {account.passkeys.map((key) => (
          <li key={key.id}>
            <span>
              <strong>{key.name}</strong>{" "}
              <small className="weak">
                {t("passkeys.added", { time: f.dateTime(key.added_at) })} ·{" "}
                {key.used_at === null ? t("passkeys.never_used") : t("passkeys.used", { time: f.dateTime(key.used_at) })}
              </small>
            </span>
            <button type="button" disabled={busy} aria-label={t("passkeys.remove_one", { name: key.name })} onClick={() => act(() => confirmed(t("passkeys.remove_one", { name: key.name }), (it) => removePasskey(key.id, it).then(again)))}>
              {t("passkeys.remove")}
            </button>
          </li>
        ))}
      </ul>
      {problem === null ? null : <Problem error={problem} />}
    </>
  );
}

function Add({ onAdded }: { onAdded: (codes: readonly string[]) => void }) {
  const { t } = useLocale();
  const { busy, problem, act } = useAct();
  const add = (form: FormData) =>
    confirmed(t("passkeys.add"), async (it) => {
      const added = await makePasskey(written(form, "name"), it);
      onAdded(added.recovery_codes ?? []);
    });
  return (
    <form className="one-line" onSubmit={sends(act, add)}>
      <Field name="name" label={t("passkeys.name")} autoComplete="off" maxLength={LONGEST_NAME} required />
      <button type="submit" disabled={busy}>
        {t("passkeys.add")}
      </button>
      {problem === null ? null : <Problem error={problem} />}
    </form>
  );
}

export function Passkeys({ account, again }: PasskeysProps) {
  const { t } = useLocale();
  const [codes, setCodes] = useState<readonly string[]>([]);
  const added = (told: readonly string[]): void => {
    setCodes(told);
    again();
  };
  return (
    <AccountPart title={t("passkeys.title")}>
      {account.passkeys.length === 0 ? <p className="weak">{t("passkeys.none")}</p> : <List account={account} again={again} />}
      {codes.length === 0 ? null : <RecoveryCodes codes={codes} onSeen={() => setCodes([])} />}
      {passkeysThere() ? <Add key={account.passkeys.length} onAdded={added} /> : <p className="weak">{t("passkeys.no_browser")}</p>}
    </AccountPart>
  );
}
