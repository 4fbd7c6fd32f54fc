/** Let somebody in: who it is, and what they may do where. */
import { useState } from "react";
import { invite } from "../api/people";
import type { Area, Grant, Invited } from "../api/types";
import { useLocale } from "../i18n/locale";
import { Dialog } from "../shared/Dialog";
import { Choice, Field } from "../shared/Field";
import { Problem } from "../shared/Problem";
import { sends, useAct, written } from "../shared/useAct";
import { GrantsEditor } from "./GrantsEditor";
import { PasswordOnce } from "./PasswordOnce";
import { withoutDoubles } from "./areas";

interface InviteProps {
  areas: readonly Area[];
  onClose: () => void;
  onDone: () => void;
}

function Names() {
  const { t } = useLocale();
  return (
    <div className="field-pair">
      <Field name="username" label={t("people.username")} hint={t("people.username_hint")} pattern="[\p{L}\p{N}_.@\-]{1,32}" autoComplete="off" autoCapitalize="none" spellCheck={false} maxLength={32} required />
      <Field name="display_name" label={t("people.display_name")} autoComplete="off" maxLength={120} required />
      <Field name="email" type="email" label={t("people.email")} hint={t("people.email_hint")} autoComplete="off" maxLength={254} />
      <Choice name="language" label={t("account.language")} defaultValue="vi">
        <option value="vi">{t("language.vi")}</option>
        <option value="en">{t("language.en")}</option>
      </Choice>
    </div>
  );
}

function InviteForm({ areas, onInvited }: { areas: readonly Area[]; onInvited: (invited: Invited) => void }) {
  const { t } = useLocale();
  const [grants, setGrants] = useState<Grant[]>([{ role: "viewer", area: areas[0]?.path ?? "/" }]);
  const { busy, problem, act } = useAct();
  const send = async (form: FormData): Promise<void> => {
    const email = written(form, "email");
    const invited = await invite({
      username: written(form, "username"),
      display_name: written(form, "display_name"),
      language: written(form, "language") === "en" ? "en" : "vi",
      grants: withoutDoubles(grants),
      ...(email === "" ? {} : { email }),
    });
    onInvited(invited);
  };
  return (
    <form className="dialog-form" onSubmit={sends(act, send)}>
      <Names />
      <GrantsEditor grants={grants} areas={areas} onGrants={setGrants} />
      {problem === null ? null : <Problem error={problem} />}
      <div className="acts">
        <button type="submit" className="primary" disabled={busy}>
          {t("people.invite")}
        </button>
      </div>
    </form>
  );
}

export function InviteDialog({ areas, onClose, onDone }: InviteProps) {
  const { t } = useLocale();
  const [invited, setInvited] = useState<Invited | null>(null);
  const took = (person: Invited): void => {
    setInvited(person);
    onDone();
  };
  return (
    <Dialog title={invited === null ? t("people.invite_title") : t("people.invited", { name: invited.display_name })} onClose={onClose}>
      {invited === null ? <InviteForm areas={areas} onInvited={took} /> : <PasswordOnce given={invited} />}
    </Dialog>
  );
}
