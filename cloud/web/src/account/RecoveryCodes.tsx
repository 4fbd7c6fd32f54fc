/** Codes for paper, told this once. */
import { useLocale } from "../i18n/locale";

export function RecoveryCodes({ codes, onSeen }: { codes: readonly string[]; onSeen: () => void }) {
  const { t } = useLocale();
  return (
    <section className="told-once" aria-label={t("totp.codes")}>
      <h4>{t("totp.codes")}</h4>
      <ol className="recovery-codes">
        {codes.map((code) => (
          <li key={code} className="secret">
            {code}
          </li>
        ))}
      </ol>
      <p className="weak">{t("totp.codes_note")}</p>
      <button type="button" onClick={onSeen}>
        {t("totp.codes_seen")}
      </button>
    </section>
  );
}
