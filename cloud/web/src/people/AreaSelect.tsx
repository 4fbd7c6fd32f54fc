/** A place of the tree: the browser's own list, so that letters and arrow keys find it. */
import type { Area } from "../api/types";
import { useLocale } from "../i18n/locale";
import { Choice } from "../shared/Field";
import { depth } from "./areas";

const INDENT = "  "; // two em spaces a level

interface AreaSelectProps {
  areas: readonly Area[];
  value: string;
  onChange: (path: string) => void;
}

export function AreaSelect({ areas, value, onChange }: AreaSelectProps) {
  const { t, f, name } = useLocale();
  const isKnown = areas.some((area) => area.path === value);
  return (
    <Choice label={t("grants.area")} value={value} onChange={(event) => onChange(event.target.value)}>
      {isKnown ? null : <option value={value}>{value}</option>}
      {areas.map((area) => (
        <option key={area.path} value={area.path}>
          {INDENT.repeat(depth(area.path))}
          {name(area.name)} ({f.number(area.lamps)})
        </option>
      ))}
    </Choice>
  );
}
