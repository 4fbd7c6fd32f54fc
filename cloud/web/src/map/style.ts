/** The base map: one GeoJSON of ours, drawn dark, with no tile, glyph or sprite from anywhere. */
import type { FeatureCollection } from "geojson";
import type { StyleSpecification } from "maplibre-gl";
import type { City } from "../api/types";
import type { Language } from "../i18n/dictionary";
import { colour } from "./palette";

const FONT = ["Be Vietnam Pro"];

export function wardLabels(city: City, language: Language): FeatureCollection {
  return {
    type: "FeatureCollection",
    features: city.wards.map((ward) => ({
      type: "Feature",
      properties: { name: ward.name[language] },
      geometry: { type: "Point", coordinates: [ward.label_at.longitude, ward.label_at.latitude] },
    })),
  };
}

export function cabinetPoints(city: City): FeatureCollection {
  return {
    type: "FeatureCollection",
    features: city.cabinets.map((cabinet) => ({
      type: "Feature",
      properties: { id: cabinet.id },
      geometry: { type: "Point", coordinates: [cabinet.longitude, cabinet.latitude] },
    })),
  };
}

type Layer = StyleSpecification["layers"][number];
type Width = NonNullable<Extract<Layer, { type: "line" }>["paint"]>["line-width"];

const layer = (name: string): Extract<Layer, { type: "fill" }>["filter"] => ["==", ["get", "layer"], name];

const STREET_WIDTH: Width = [
  "interpolate",
  ["exponential", 1.6],
  ["zoom"],
  11,
  ["match", ["get", "class"], "primary", 1.6, "secondary", 0.9, 0.4],
  17,
  ["match", ["get", "class"], "primary", 22, "secondary", 15, 9],
];

export function baseStyle(): StyleSpecification {
  return {
    version: 8,
    sources: {
      base: { type: "geojson", data: "/api/v1/map/base.geojson" },
      outlines: { type: "geojson", data: "/api/v1/map/wards.geojson" },
    },
    layers: [
      { id: "sea", type: "background", paint: { "background-color": colour("map-sea") } },
      { id: "land", type: "fill", source: "base", filter: layer("land"), paint: { "fill-color": colour("map-land") } },
      { id: "coast", type: "line", source: "base", filter: layer("land"), paint: { "line-color": colour("map-coast") } },
      { id: "wards", type: "line", source: "base", filter: layer("ward"), paint: { "line-color": colour("map-coast") } },
      {
        id: "streets",
        type: "line",
        source: "base",
        filter: layer("street"),
        layout: { "line-cap": "round", "line-join": "round" },
        paint: { "line-color": colour("map-street"), "line-width": STREET_WIDTH },
      },
      // Those that people took in, over the base map's own; a city without any has no features here.
      { id: "outlines", type: "line", source: "outlines", paint: { "line-color": colour("line-strong"), "line-dasharray": [4, 3] } },
    ],
  };
}

export function labelLayer(): Layer {
  return {
    id: "ward-names",
    type: "symbol",
    source: "ward-names",
    layout: { "text-field": ["get", "name"], "text-font": FONT, "text-size": 13, "text-padding": 6 },
    paint: { "text-color": colour("text"), "text-halo-color": colour("map-sea"), "text-halo-width": 2 },
  };
}

export const CABINETS_FROM_ZOOM = 13.5;

export function cabinetLayer(): Layer {
  return {
    id: "cabinets",
    type: "symbol",
    source: "cabinets",
    minzoom: CABINETS_FROM_ZOOM,
    layout: {
      "icon-image": "cabinet",
      "icon-allow-overlap": true,
      "text-field": ["step", ["zoom"], "", 15, ["get", "id"]],
      "text-font": FONT,
      "text-size": 11,
      "text-anchor": "left",
      "text-offset": [1.1, 0],
      "text-optional": true,
    },
    paint: { "text-color": colour("text-soft"), "text-halo-color": colour("map-sea"), "text-halo-width": 2.5 },
  };
}
