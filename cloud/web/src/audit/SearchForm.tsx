/** Who, what, on what, how it ended, when, and words of the target or the reason. */
import type { AuditSearch } from "../api/types";
import { DICTIONARY_KEYS } from "../i18n/dictionary";
import { useLocale } from "../i18n/locale";
import { Choice, Field } from "../shared/Field";
import { useStore } from "../shared/store";
import { city } from "../state/city";
import { searchOf } from "./search";

/** The codes that we have a word for: what the service writes down. */
function codes(family: string): string[] {
  return DICTIONARY_KEYS.filter((key) => key.startsWith(`${family}.`)).map((key) => key.slice(family.length + 1));
}

const ACTS = codes("act");
const RESULTS = codes("result");
const UTC = "UTC";

function CodeChoice({ name, label, family, all }: { name: string; label: string; family: string; all: readonly string[] }) {
  const { t, word } = useLocale();
  return (
    <Choice name={name} label={label} defaultValue="">
      <option value="">{t("audit.any")}</option>
      {all.map((code) => (
        <option key={code} value={code}>
          {word(family, code)}
        </option>
      ))}
    </Choice>
  );
}

export function SearchForm({ onSearch }: { onSearch: (search: AuditSearch) => void }) {
  const { t } = useLocale();
  const timeZone = useStore(city)?.timezone ?? UTC;
  return (
    <form
      className="filters"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        onSearch(searchOf(new FormData(event.currentTarget), timeZone));
      }}
      onReset={() => onSearch({})}
    >
      <Field name="who" label={t("audit.column_who")} autoCapitalize="none" spellCheck={false} maxLength={200} />
      <CodeChoice name="act" label={t("audit.column_act")} family="act" all={ACTS} />
      <Field name="target" label={t("audit.column_target")} spellCheck={false} maxLength={200} />
      <CodeChoice name="result" label={t("audit.column_result")} family="result" all={RESULTS} />
      <Field name="text" label={t("audit.text")} maxLength={200} />
      <Field name="from" type="datetime-local" label={t("audit.from")} />
      <Field name="until" type="datetime-local" label={t("audit.until")} />
      <div className="filter-acts">
        <button type="submit" className="primary">
          {t("audit.search")}
        </button>
        <button type="reset">{t("audit.everything")}</button>
      </div>
    </form>
  );
}
