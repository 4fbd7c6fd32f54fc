import { useSyncExternalStore } from "react";
import { useLocale } from "../i18n/locale";
import { LampSymbol } from "../shared/Symbols";
import { lampStore } from "./lampStore";
import { type LampState, STATES } from "./states";

const ORDER: readonly LampState[] = ["on", "dimmed", "off", "fault", "no_contact", "warning", "unknown"];

export function Legend() {
  const { t, f } = useLocale();
  const { counts } = useSyncExternalStore(lampStore.subscribe, lampStore.getPicture);
  return (
    <ul className="legend" aria-label={t("map.legend")}>
      {ORDER.map((state) => (
        <li key={state} data-state={state}>
          <LampSymbol state={state} />
          {t(`lamp_state.${state}`)} <span className="weak">{f.number(counts[STATES.indexOf(state)])}</span>
        </li>
      ))}
    </ul>
  );
}
