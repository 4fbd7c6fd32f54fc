import { useLocale } from "../i18n/locale";
import { problemKey } from "./problemText";

export function Problem({ error, again }: { error: unknown; again?: () => void }) {
  const { t } = useLocale();
  return (
    <p className="problem" role="alert">
      {t(problemKey(error))}
      {again ? (
        <button type="button" onClick={again}>
          {t("again")}
        </button>
      ) : null}
    </p>
  );
}

export function Loading() {
  const { t } = useLocale();
  return (
    <p className="loading" role="status">
      {t("loading")}
    </p>
  );
}
