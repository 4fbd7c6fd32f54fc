/** Which night is looked at, named by the date on which it begins. */
import { useLocale } from "../i18n/locale";
import { dateAfter, isoWeek, weekday } from "./localTime";
import { nextTet } from "./nights";

interface NightPickerProps {
  night: string;
  tonight: string;
  onNight: (night: string) => void;
}

export function useNightName(): (night: string) => string {
  const { t, word } = useLocale();
  return (night) => {
    const [, month = "", day = ""] = night.split("-");
    return t("light.night_name", { week: isoWeek(night), weekday: word("light.weekday", String(weekday(night))), date: `${day}/${month}` });
  };
}

export function NightPicker({ night, tonight, onNight }: NightPickerProps) {
  const { t } = useLocale();
  const tet = nextTet(night);
  return (
    <div className="night-picker" role="group" aria-label={t("light.night")}>
      <button type="button" aria-label={t("light.previous_night")} onClick={() => onNight(dateAfter(night, -1))}>
        {"‹"}
      </button>
      <input type="date" aria-label={t("light.night")} value={night} required onChange={(event) => (event.target.value === "" ? undefined : onNight(event.target.value))} />
      <button type="button" aria-label={t("light.next_night")} onClick={() => onNight(dateAfter(night, 1))}>
        {"›"}
      </button>
      <button type="button" disabled={night === tonight} onClick={() => onNight(tonight)}>
        {t("light.tonight")}
      </button>
      <button type="button" disabled={tet === null} onClick={() => (tet === null ? undefined : onNight(tet))}>
        {t("light.to_tet")}
      </button>
    </div>
  );
}
