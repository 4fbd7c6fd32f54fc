/** Stations as buttons on the map: few, reachable by keyboard, each with its first value. */
import { Marker } from "maplibre-gl";
import { useEffect, useState } from "react";
import { createPortal } from "react-dom";
import type { Station } from "../api/types";
import { measured } from "../i18n/digits";
import { useLocale } from "../i18n/locale";
import { written } from "../i18n/units";
import { useStore } from "../shared/store";
import { useAge } from "../shared/Age";
import { city } from "../state/city";
import { overview } from "../state/overview";
import type { CityMap } from "./cityMap";

const FIRST: Record<string, readonly [quantity: string, unit: string]> = {
  air_station: ["pm2_5", "ug/m3"],
  water_station: ["water_temperature", "degC"],
};

function StationButton({ station, onPick }: { station: Station; onPick: (id: string) => void }) {
  const { t, f, name, word } = useLocale();
  const seen = useStore(overview)?.environment.find((it) => it.id === station.id);
  const { stale } = useAge(seen?.at);
  const [quantity, unit] = FIRST[station.kind] ?? ["", ""];
  const value = `${measured(f, quantity, seen?.values[quantity])} ${written(unit)}`;
  return (
    <button
      type="button"
      className={stale ? "station-mark stale" : "station-mark"}
      aria-label={t("map.station", { name: name(station.name), quantity: word("quantity", quantity), value })}
      onClick={() => onPick(station.id)}
    >
      <span aria-hidden="true">
        {word("mark", station.kind)} {value}
      </span>
    </button>
  );
}

function StationMarker({ map, station, onPick }: { map: CityMap; station: Station; onPick: (id: string) => void }) {
  const [element] = useState(() => document.createElement("div"));
  useEffect(() => {
    const marker = new Marker({ element, anchor: "bottom" }).setLngLat([station.longitude, station.latitude]).addTo(map.view);
    // MapLibre makes a marker a button of its own; here the button is inside.
    for (const name of ["role", "aria-label", "tabindex"]) element.removeAttribute(name);
    return () => void marker.remove();
  }, [map, station, element]);
  return createPortal(<StationButton station={station} onPick={onPick} />, element);
}

export function StationMarkers({ map, onPick }: { map: CityMap; onPick: (id: string) => void }) {
  const place = useStore(city);
  return (
    place?.stations.map((station) => <StationMarker key={station.id} map={map} station={station} onPick={onPick} />) ?? null
  );
}
