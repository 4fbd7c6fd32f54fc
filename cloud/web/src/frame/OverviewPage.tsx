/** The operator's picture: map, strip, alarms. */
import { useCallback, useState } from "react";
import { AlarmList } from "../alarms/AlarmList";
import type { Alarm, City } from "../api/types";
import { readLuminaire } from "../api/client";
import { useLocale } from "../i18n/locale";
import { LampsPage } from "../lamps/LampsPage";
import { CityMapView, type Target } from "../map/CityMapView";
import { canDraw } from "../map/cityMap";
import { openPanel, route } from "../shared/route";
import { useStore } from "../shared/store";
import { useLoad } from "../shared/useLoad";
import { alarms, isListed } from "../state/alarms";
import { city } from "../state/city";
import { Strip } from "./Strip";

const NOWHERE: Target = { index: null, longitude: null, latitude: null };

async function targetOf(id: string | null): Promise<Target> {
  if (id === null) return NOWHERE;
  const { index, longitude, latitude } = await readLuminaire(id);
  return { index, longitude, latitude };
}

/** The lamp in the open panel: ringed on the map, which goes there. */
function useTarget(): Target {
  const { panel } = useStore(route);
  const id = panel?.kind === "lamp" ? panel.id : null;
  const { loaded } = useLoad(useCallback(() => targetOf(id), [id]));
  return loaded.state === "here" ? loaded.value : NOWHERE;
}

function MapOrList({ place }: { place: City }) {
  const { t } = useLocale();
  const target = useTarget();
  return canDraw() ? <CityMapView place={place} target={target} /> : <LampsPage notice={t("map.no_webgl")} />;
}

export function OverviewPage() {
  const place = useStore(city);
  return (
    <div className="overview">
      {place === null ? <div className="map-area" /> : <MapOrList place={place} />}
      <Strip />
    </div>
  );
}

/** The list at the right stays through every panel: an operator works it down row by row. */
export function AlarmColumn() {
  const [last, setLast] = useState<string | null>(null);
  const { panel } = useStore(route);
  const known = useStore(alarms);
  const here = panel?.kind === "lamp" ? known.filter((alarm) => alarm.source === panel.id && isListed(alarm)) : [];
  const chosen = here.find((alarm) => alarm.id === last) ?? here[0];
  const choose = (alarm: Alarm): void => {
    setLast(alarm.id);
    openPanel("lamp", alarm.source);
  };
  return <AlarmList chosen={chosen?.id ?? null} onChoose={choose} />;
}
