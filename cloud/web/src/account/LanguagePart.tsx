/** The language of this account, on every machine; the switch in the top bar is for this one. */
import { putLanguage } from "../api/account";
import type { Language } from "../i18n/dictionary";
import { chooseLanguage, useLocale } from "../i18n/locale";
import { Choice } from "../shared/Field";
import { Problem } from "../shared/Problem";
import { useAct } from "../shared/useAct";
import { AccountPart } from "./AccountPart";

async function speak(language: Language): Promise<void> {
  await putLanguage(language);
  chooseLanguage(language);
}

export function LanguagePart() {
  const { t, language } = useLocale();
  const { busy, problem, act } = useAct();
  return (
    <AccountPart title={t("account.language")}>
      <Choice label={t("account.language_hint")} value={language} disabled={busy} onChange={(event) => act(() => speak(event.target.value === "en" ? "en" : "vi"))}>
        <option value="vi">{t("language.vi")}</option>
        <option value="en">{t("language.en")}</option>
      </Choice>
      {problem === null ? null : <Problem error={problem} />}
    </AccountPart>
  );
}
