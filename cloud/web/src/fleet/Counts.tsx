import { useLocale } from "../i18n/locale";
import type { Imported } from "./types";

const COUNTED = ["rows", "added", "changed", "unchanged", "retired"] as const;

/** What a table would change, in lamps. */
export function Counts({ told }: { told: Imported }) {
  const { t, f } = useLocale();
  return (
    <dl className="import-counts">
      {COUNTED.map((name) => (
        <div key={name} data-count={name}>
          <dt>{t(`fleet.count_${name}`)}</dt>
          <dd>{f.number(told[name])}</dd>
        </div>
      ))}
    </dl>
  );
}
