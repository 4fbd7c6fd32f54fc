/** A value as people and programs read it: the digits in the reader's language, the plain number beside them. */
import { useLocale } from "../i18n/locale";
import { measured } from "../i18n/digits";
import { UNKNOWN } from "../i18n/format";
import { written } from "../i18n/units";

interface FigureProps {
  value: number | null | undefined;
  unit?: string | undefined;
  /** At most so many decimals. */
  digits?: number;
  /** What was measured, which has its own digits; without it and `digits` all that the device gave. */
  quantity?: string;
}

export function Figure({ value, unit, digits, quantity = "" }: FigureProps) {
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
      {digits === undefined ? measured(f, quantity, value) : f.number(value, digits)}
      {unit ? <small> {written(unit)}</small> : null}
    </data>
  );
}
