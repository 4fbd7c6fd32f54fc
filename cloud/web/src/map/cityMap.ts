/** The map itself, without React: what is drawn, what is under a click, where the camera goes. */
import {
  GeoJSONSource,
  LngLatBounds,
  Map as MapView,
  MercatorCoordinate,
  type MapMouseEvent,
  type PointLike,
  setWorkerUrl,
} from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import type { City } from "../api/types";
import type { Language } from "../i18n/dictionary";
import { cabinetIcon } from "./cabinetIcon";
import { LampLayer } from "./lampLayer";
import { lampStore } from "./lampStore";
import { type Point, mercator } from "./mercator";
import { baseStyle, cabinetLayer, cabinetPoints, labelLayer, wardLabels } from "./style";

setWorkerUrl(workerUrl);

export interface Picks {
  lamp(index: number): void;
  cabinet(id: string): void;
}

const REACH_PX = 12;
const CLOSE_ZOOM = 16;
const E7 = 1e7;
const TILE_PX = 512; // MapLibre's world at zoom 0
// What lies over the map must not lie over the lamps: stations reach up, buttons stand at the right, the legend below.
const MARGIN = { padding: { top: 60, right: 110, bottom: 90, left: 70 }, maxZoom: 15 };
const FAR_ZOOM = 10.5; // from farther away the signs of a city's stations would cover the city
// Labels are drawn from the page's own font, which must be there before the first glyph.
const LABEL_FONT = '13px "Be Vietnam Pro"';
const SAMPLE = "Bãi Cháy Hồng Gai";

let drawable: boolean | null = null;

/** Asked once: every trial context counts against the browser's limit. */
export function canDraw(): boolean {
  drawable ??= document.createElement("canvas").getContext("webgl2") !== null;
  return drawable;
}

/** What the first view must show: every cabinet, which stands among its lamps, and every station. */
function extent(city: City): LngLatBounds {
  const centre: [number, number] = [city.centre.longitude, city.centre.latitude];
  const bounds = new LngLatBounds(centre, centre);
  for (const place of [...city.cabinets, ...city.stations]) {
    bounds.extend([place.longitude, place.latitude]);
  }
  return bounds;
}

/** The frame, made wide enough for these lamps too. */
function framing(bounds: LngLatBounds, numbers: Iterable<number>): LngLatBounds {
  const { longitude, latitude } = lampStore.lamps;
  for (const n of numbers) if (n < longitude.length) bounds.extend([(longitude[n] ?? 0) / E7, (latitude[n] ?? 0) / E7]);
  return bounds;
}

export class CityMap {
  readonly view: MapView;
  readonly lamps: LampLayer;
  /** While somebody draws, a click is a corner and nothing is picked. */
  isDrawnOn = false;
  private readonly centre: Point;
  ready = false;

  constructor(
    container: HTMLElement,
    private readonly city: City,
    private readonly picks: Picks,
    language: Language,
    onReady: () => void,
  ) {
    this.centre = mercator(city.centre.longitude, city.centre.latitude);
    this.lamps = new LampLayer(lampStore, this.centre);
    this.view = this.create(container);
    this.view.on("load", () => {
      void document.fonts.load(LABEL_FONT, SAMPLE).finally(() => {
        this.addLayers(language);
        this.ready = true;
        onReady();
      });
    });
    this.view.on("click", (event) => this.pick(event));
    this.view.on("mousemove", (event) => this.point(event));
    this.view.on("zoom", () => this.tellDistance());
    this.tellDistance();
  }

  remove(): void {
    this.view.remove();
  }

  speak(language: Language, label: string): void {
    const canvas = this.view.getCanvas();
    canvas.setAttribute("aria-label", label);
    const names = this.view.getSource("ward-names");
    if (names instanceof GeoJSONSource) names.setData(wardLabels(this.city, language));
  }

  /** Rings the lamp; `null` takes the ring away. */
  choose(index: number | null): void {
    this.lamps.choose(index);
  }

  /** Rings many lamps, and goes where they are when that is wanted. */
  mark(numbers: readonly number[], fit: boolean): void {
    this.lamps.mark(numbers);
    const bounds = framing(new LngLatBounds(), numbers);
    if (fit && !bounds.isEmpty()) this.view.fitBounds(bounds, { padding: 70, maxZoom: CLOSE_ZOOM, duration: 500 });
  }

  flyTo(longitude: number, latitude: number): void {
    const zoom = Math.max(this.view.getZoom(), CLOSE_ZOOM);
    this.view.flyTo({ center: [longitude, latitude], zoom, maxDuration: 1500 });
  }

  /** What was picked on the map stays where it was seen, unless the panel that it opened has covered it. */
  reveal(longitude: number, latitude: number): void {
    this.view.once("idle", () => {
      if (!this.view.getBounds().contains([longitude, latitude])) this.view.easeTo({ center: [longitude, latitude] });
    });
    this.view.triggerRepaint();
  }

  zoomBy(step: number): void {
    this.view.easeTo({ zoom: this.view.getZoom() + step, duration: 200 });
  }

  showAll(): void {
    this.view.fitBounds(framing(extent(this.city), lampStore.lamps.longitude.keys()), { ...MARGIN, duration: 500 });
  }

  /** Where a lamp is on the screen, CSS pixels from the map's corner. */
  project(longitude: number, latitude: number): Point {
    return this.view.project([longitude, latitude]);
  }

  private create(container: HTMLElement): MapView {
    return new MapView({
      container,
      style: baseStyle(),
      bounds: extent(this.city),
      fitBoundsOptions: MARGIN,
      minZoom: 7, // two cities 150 km apart fit on a screen
      maxZoom: 20,
      pitchWithRotate: false,
      dragRotate: false,
      touchPitch: false,
      attributionControl: false,
      // Pixels can only be read back by a test when the buffer is kept; it costs a copy per frame.
      canvasContextAttributes: { antialias: false, preserveDrawingBuffer: navigator.webdriver },
    });
  }

  private addLayers(language: Language): void {
    const { view } = this;
    view.addImage("cabinet", cabinetIcon(), { pixelRatio: 2 });
    view.addSource("cabinets", { type: "geojson", data: cabinetPoints(this.city) });
    view.addSource("ward-names", { type: "geojson", data: wardLabels(this.city, language) });
    view.addLayer(this.lamps);
    view.addLayer(cabinetLayer());
    view.addLayer(labelLayer());
  }

  private tellDistance(): void {
    this.view.getContainer().classList.toggle("is-far", this.view.getZoom() < FAR_ZOOM);
  }

  private lampUnder(event: MapMouseEvent): number | null {
    const here = MercatorCoordinate.fromLngLat(event.lngLat);
    const worldPixels = TILE_PX * 2 ** this.view.getZoom();
    return this.lamps.under(here.x - this.centre.x, here.y - this.centre.y, REACH_PX / worldPixels);
  }

  private cabinetUnder({ x, y }: Point): string | null {
    if (!this.ready) return null;
    const box: [PointLike, PointLike] = [
      [x - REACH_PX / 2, y - REACH_PX / 2],
      [x + REACH_PX / 2, y + REACH_PX / 2],
    ];
    const id: unknown = this.view.queryRenderedFeatures(box, { layers: ["cabinets"] })[0]?.properties["id"];
    return typeof id === "string" ? id : null;
  }

  private pick(event: MapMouseEvent): void {
    if (this.isDrawnOn || event.originalEvent.target !== this.view.getCanvas()) return; // a marker's button acts for itself
    const cabinet = this.cabinetUnder(event.point);
    if (cabinet !== null) return this.picks.cabinet(cabinet);
    const lamp = this.lampUnder(event);
    if (lamp !== null) this.picks.lamp(lamp);
  }

  private point(event: MapMouseEvent): void {
    this.view.getCanvas().classList.toggle("on-lamp", this.lampUnder(event) !== null);
  }
}
