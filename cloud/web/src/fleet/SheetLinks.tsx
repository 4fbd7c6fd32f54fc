import { useLocale } from "../i18n/locale";

/** Sheets to be opened and printed, a window each. */
export function SheetLinks({ addresses }: { addresses: readonly string[] }) {
  const { t, f } = useLocale();
  return (
    <ul className="sheets" aria-label={t("fleet.labels")}>
      {addresses.map((address, page) => (
        <li key={address}>
          <a href={address} target="_blank" rel="noreferrer">
            {t("fleet.sheet", { n: f.number(page + 1) })}
          </a>
        </li>
      ))}
    </ul>
  );
}
