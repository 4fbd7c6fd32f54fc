/** A value as people and programs read it: the digits in the reader's language, the plain number beside them. */
import { useLocale } from "../i18n/locale";
import { UNKNOWN } from "../i18n/format";
import { written } from "../i18n/units";

interface FigureProps {
  value: number | null | undefined;
  unit?: string | undefined;
  /** At most so many decimals; without it all that the device gave. */
  digits?: number;
}

export function Figure({ value, unit, digits }: FigureProps) {
  const { t, f } = useLocale();
  if (value === null || value === undefined) {
    return (
      <span className="unknown" aria-label={t("unknown")}>
        {UNKNOWN}
      </span>
    );
  }
  return (
    <data value={value}>
      {digits === undefined ? f.exact(value) : f.number(value, digits)}
      {unit ? <small> {written(unit)}</small> : null}
    </data>
  );
}
