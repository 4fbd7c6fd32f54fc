import type { Language } from "../i18n/dictionary";
import { chooseLanguage, useLocale } from "../i18n/locale";

const OTHER: Record<Language, { language: Language; short: string; name: string }> = {
  vi: { language: "en", short: "EN", name: "English" },
  en: { language: "vi", short: "VI", name: "Tiếng Việt" },
};

/** Names the language it leads to, in that language. */
export function LanguageSwitch() {
  const other = OTHER[useLocale().language];
  return (
    <button
      type="button"
      className="language"
      lang={other.language}
      aria-label={other.name}
      title={other.name}
      onClick={() => chooseLanguage(other.language)}
    >
      {other.short}
    </button>
  );
}
