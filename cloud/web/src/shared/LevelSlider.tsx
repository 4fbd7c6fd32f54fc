/** A level of light, in whole %. */
import { useLocale } from "../i18n/locale";

export function LevelSlider({ level, onLevel }: { level: number; onLevel: (level: number) => void }) {
  const { t } = useLocale();
  return (
    <label className="level">
      <span>{t("control.level")}</span>
      <input
        type="range"
        name="level"
        min="0"
        max="100"
        step="1"
        value={level}
        aria-valuetext={`${level} %`}
        onChange={({ target }) => onLevel(target.valueAsNumber)}
      />
      <output>{level} %</output>
    </label>
  );
}
