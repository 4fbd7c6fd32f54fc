/** The map in its place: React holds the frame, the map draws itself. */
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import "maplibre-gl/dist/maplibre-gl.css";
import { readLuminaireAt } from "../api/client";
import type { City } from "../api/types";
import { useSilence } from "../frame/FeedState";
import { language as chosenLanguage, useLocale } from "../i18n/locale";
import { type PanelKind, openPanel } from "../shared/route";
import { CityMap, type Picks } from "./cityMap";
import { useStore } from "../shared/store";
import { marked, unmark } from "../state/choice";
import { may, session } from "../state/session";
import { Legend } from "./Legend";
import { StationMarkers } from "./StationMarkers";
import { lampStore } from "./lampStore";
import { shownMap } from "./shownMap";
import { showTestHook } from "./testHook";

let pickedHere: string | null = null;

function pick(kind: PanelKind, id: string): void {
  pickedHere = id;
  openPanel(kind, id);
}

const picks: Picks = {
  lamp: (index) => void readLuminaireAt(index).then((lamp) => pick("lamp", lamp.id), () => undefined),
  cabinet: (id) => pick("cabinet", id),
};

function useCityMap(place: City) {
  const container = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<CityMap | null>(null);
  useEffect(() => {
    if (container.current === null) return undefined;
    const made: CityMap = new CityMap(container.current, place, picks, chosenLanguage.get(), () => setMap(made));
    const hide = showTestHook(made);
    shownMap.set(made);
    return () => {
      hide();
      shownMap.set(null);
      setMap(null);
      made.remove();
    };
  }, [place]);
  return { container, map };
}

/** Commands to many lamps begin here; keyboard and phone find the same under the same name. */
function ManyLamps() {
  const { t } = useLocale();
  if (!may(useStore(session), "lamp.command")) return null;
  return (
    <button type="button" className="many-lamps" title={t("map.many")} aria-label={t("map.many")} onClick={() => openPanel("group", "new")}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d="M3 5 9 2 14 7 11 13 4 12Z" />
      </svg>
    </button>
  );
}

/** Which lamps are ringed, and the way to let them go. */
function MarkedNote({ map }: { map: CityMap }) {
  const { t, f } = useLocale();
  const found = useStore(marked);
  useEffect(() => map.mark(found?.numbers ?? [], found?.fit ?? false), [map, found]);
  if (found === null) return null;
  return (
    <p className="marked-note" role="status">
      {t("map.marked", { n: f.number(found.numbers.length) })}
      <button type="button" onClick={unmark}>
        {t("map.unmark")}
      </button>
    </p>
  );
}

function MapButtons({ map }: { map: CityMap }) {
  const { t } = useLocale();
  return (
    <div className="map-buttons" role="group" aria-label={t("map.view")}>
      <button type="button" aria-label={t("map.zoom_in")} title={t("map.zoom_in")} onClick={() => map.zoomBy(1)}>
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d="M8 3V13M3 8H13" />
        </svg>
      </button>
      <button type="button" aria-label={t("map.zoom_out")} title={t("map.zoom_out")} onClick={() => map.zoomBy(-1)}>
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d="M3 8H13" />
        </svg>
      </button>
      <button type="button" aria-label={t("map.all")} title={t("map.all")} onClick={() => map.showAll()}>
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d="M3 6V3H6M10 3H13V6M13 10V13H10M6 13H3V10" />
        </svg>
      </button>
      <ManyLamps />
    </div>
  );
}

/** Old colours that look like new ones are worse than none: when the feed is lost the map says so itself. */
function StaleMap() {
  const { t, f } = useLocale();
  const silence = useSilence();
  const { at } = useSyncExternalStore(lampStore.subscribe, lampStore.getPicture);
  if (silence === null) return null;
  return (
    <p className="stale-map" role="alert">
      {at === null ? t("map.never_live") : t("map.stale", { time: f.clock(at * 1000), duration: f.duration(silence) })}
    </p>
  );
}

/** What the open panel is about. `index` is that of a lamp, which is ringed. */
export interface Target {
  id: string;
  index: number | null;
  longitude: number;
  latitude: number;
}

function useTarget(map: CityMap | null, target: Target | null): void {
  useEffect(() => {
    map?.choose(target?.index ?? null);
    if (map === null || target === null) return;
    if (target.id === pickedHere) map.reveal(target.longitude, target.latitude);
    else map.flyTo(target.longitude, target.latitude);
    pickedHere = null;
  }, [map, target]);
}

export function CityMapView({ place, target }: { place: City; target: Target | null }) {
  const { t, language, name } = useLocale();
  const { container, map } = useCityMap(place);
  useTarget(map, target);
  useEffect(() => map?.speak(language, t("map.label")), [map, language, t]);
  return (
    <section className="map-area" aria-label={t("map.title")}>
      <div ref={container} className="map" />
      {map === null ? null : <StationMarkers map={map} onPick={(id) => pick("station", id)} />}
      {map === null ? null : <MapButtons map={map} />}
      {map === null ? null : <MarkedNote map={map} />}
      <StaleMap />
      <div className="map-foot">
        <Legend />
        <p className="survey">{name(place.survey)}</p>
      </div>
    </section>
  );
}
