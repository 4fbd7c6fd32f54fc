/** A polygon that somebody draws on the map, corner by corner, and the one that was drawn. */
import { GeoJSONSource, type MapMouseEvent } from "maplibre-gl";
import type { Feature, FeatureCollection } from "geojson";
import type { CityMap } from "../map/cityMap";
import { colour } from "../map/palette";
import { type Corner, isPolygon, withoutDoubles } from "./targets";

const SOURCE = "drawing";

function shape(corners: readonly Corner[], closed: boolean): FeatureCollection {
  const points = corners.map((corner) => [...corner]);
  const line: Feature = closed && isPolygon(corners)
    ? { type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [[...points, points[0] ?? []]] } }
    : { type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: points } };
  const dots: Feature[] = points.map((coordinates) => ({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates } }));
  return { type: "FeatureCollection", features: closed ? [line] : [line, ...dots] };
}

function source(map: CityMap): GeoJSONSource {
  const known = map.view.getSource(SOURCE);
  if (known instanceof GeoJSONSource) return known;
  const focus = colour("focus");
  map.view.addSource(SOURCE, { type: "geojson", data: shape([], false) });
  map.view.addLayer({ id: "drawing-fill", type: "fill", source: SOURCE, filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": focus, "fill-opacity": 0.12 } });
  map.view.addLayer({ id: "drawing-line", type: "line", source: SOURCE, paint: { "line-color": focus, "line-width": 2 } });
  map.view.addLayer({ id: "drawing-dots", type: "circle", source: SOURCE, filter: ["==", ["geometry-type"], "Point"], paint: { "circle-color": focus, "circle-radius": 5 } });
  return map.view.getSource(SOURCE) as GeoJSONSource;
}

/** What was drawn stays until something else is; an empty list takes it away. */
export function showDrawn(map: CityMap, corners: readonly Corner[], closed = true): void {
  if (map.ready) source(map).setData(shape(corners, closed));
}

export interface Drawing {
  end(): void;
  leave(): void;
}

/** Every click is a corner until it ends. `onEnd` hears the polygon, or `null` when somebody has left. */
export function draw(map: CityMap, onCorners: (corners: readonly Corner[]) => void, onEnd: (corners: readonly Corner[] | null) => void): Drawing {
  let corners: readonly Corner[] = [];
  const put = (next: readonly Corner[]): void => {
    corners = withoutDoubles(next);
    showDrawn(map, corners, false);
    onCorners(corners);
  };
  const add = (event: MapMouseEvent): void => put([...corners, [event.lngLat.lng, event.lngLat.lat]]);
  const stop = (found: readonly Corner[] | null): void => {
    map.isDrawnOn = false;
    map.view.getCanvas().classList.remove("is-drawn-on");
    map.view.off("click", add);
    map.view.off("dblclick", finish);
    removeEventListener("keydown", press, true);
    showDrawn(map, found ?? []);
    onEnd(found);
  };
  const end = (): void => {
    if (isPolygon(corners)) stop(corners);
  };
  const leave = (): void => stop(null);
  const finish = (event: MapMouseEvent): void => {
    event.preventDefault(); // it does not zoom
    end();
  };
  const keys: Readonly<Record<string, () => void>> = { Enter: end, Escape: leave, Backspace: () => put(corners.slice(0, -1)) };
  // Before the panel hears it: Escape would close that.
  function press(event: KeyboardEvent): void {
    const act = keys[event.key];
    if (act === undefined || event.target instanceof HTMLInputElement || event.target instanceof HTMLButtonElement) return;
    event.stopPropagation();
    event.preventDefault();
    act();
  }
  map.isDrawnOn = true;
  map.view.getCanvas().classList.add("is-drawn-on");
  map.view.on("click", add);
  map.view.on("dblclick", finish);
  addEventListener("keydown", press, true);
  put([]);
  return { end, leave };
}
