/** In what two plans differ, in words. */
import { useLocale } from "../i18n/locale";
import type { Difference } from "./differences";

export function Differences({ found }: { found: readonly Difference[] }) {
  const { t, name, word } = useLocale();
  if (found.length === 0) return <p className="weak">{t("light.no_difference")}</p>;
  return (
    <ul className="differences">
      {found.map((it) => (
        <li key={`${it.kind} ${it.id} ${it.what}`}>
          <span className="weak">{word("light.kind", it.kind)}</span> {name(it.name)}: {word("light.what", it.what)}
          {it.fields.length === 0 ? null : <span className="weak"> ({it.fields.map((field) => word("light.field", field)).join(", ")})</span>}
        </li>
      ))}
    </ul>
  );
}
