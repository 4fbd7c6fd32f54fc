/** The operator's picture: map, strip, alarms. */
import { lazy, useCallback, useState } from "react";
import { AlarmList } from "../alarms/AlarmList";
import type { Alarm, City } from "../api/types";
import { readLuminaire } from "../api/client";
import { useLocale } from "../i18n/locale";
import { CityMapView, type Target } from "../map/CityMapView";
import { canDraw } from "../map/cityMap";
import { type Panel, openPanel, route } from "../shared/route";
import { useStore } from "../shared/store";
import { useLoad } from "../shared/useLoad";
import { alarms, isListed } from "../state/alarms";
import { city } from "../state/city";
import { Strip } from "./Strip";

function fixedTarget(place: City, id: string): Target | null {
  const found = [...place.stations, ...place.cabinets].find((it) => it.id === id);
  return found === undefined ? null : { id, index: null, longitude: found.longitude, latitude: found.latitude };
}

async function targetOf(place: City, panel: Panel | null): Promise<Target | null> {
  if (panel?.kind !== "lamp") return panel && fixedTarget(place, panel.id);
  const { id, index, longitude, latitude } = await readLuminaire(panel.id);
  return { id, index, longitude, latitude };
}

/** What the open panel is about: the map goes there, and rings it when it is a lamp. */
function useTarget(place: City): Target | null {
  const { panel } = useStore(route);
  const { loaded } = useLoad(useCallback(() => targetOf(place, panel), [place, panel]));
  return loaded.state === "here" ? loaded.value : null;
}

// In place of the map, on a machine that cannot draw it.
const LampsPage = lazy(() => import("../lamps/LampsPage"));

function MapOrList({ place }: { place: City }) {
  const { t } = useLocale();
  const target = useTarget(place);
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
