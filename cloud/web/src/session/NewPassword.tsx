/** A new password, twice. */
import { useLocale } from "../i18n/locale";
import { Field } from "../shared/Field";
import { Mistake } from "../shared/problemText";

const SHORTEST = 12;

/** Raises a Mistake when it was not written twice in the same way. */
export function chosen(form: FormData): string {
  if (form.get("new") !== form.get("again")) throw new Mistake("problem.passwords_differ");
  return String(form.get("new"));
}

export function NewPasswordFields() {
  const { t } = useLocale();
  const common = { type: "password", autoComplete: "new-password", minLength: SHORTEST, maxLength: 200, required: true };
  return (
    <>
      <Field name="new" label={t("password.new")} hint={t("password.hint", { n: SHORTEST })} {...common} />
      <Field name="again" label={t("password.again")} {...common} />
    </>
  );
}
