import type { PasswordForOnce } from "../api/types";
import { useLocale } from "../i18n/locale";
import { ToldOnce } from "../shared/ToldOnce";

/** A password for once: told this once, and what its owner has to do with it. */
export function PasswordOnce({ given }: { given: PasswordForOnce }) {
  const { t, f } = useLocale();
  return (
    <ToldOnce label={t("people.password_once")} secret={given.one_time_password}>
      <p>{t("people.password_until", { time: f.dateTime(given.password_until) })}</p>
    </ToldOnce>
  );
}
