/** A code of the minute, or one from paper. */
import { useLocale } from "../i18n/locale";
import { Field } from "../shared/Field";

export function CodeField({ recovery, wrong }: { recovery: boolean; wrong: boolean }) {
  const { t } = useLocale();
  return (
    <Field
      key={recovery ? "recovery" : "totp"}
      name="code"
      type="text"
      label={t(recovery ? "second.recovery" : "second.code")}
      hint={t(recovery ? "second.recovery_hint" : "second.code_hint")}
      inputMode={recovery ? "text" : "numeric"}
      autoComplete={recovery ? "off" : "one-time-code"}
      autoCapitalize="none"
      spellCheck={false}
      maxLength={40}
      required
      aria-invalid={wrong}
    />
  );
}
