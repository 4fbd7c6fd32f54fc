"""The outlines of all wards as one GeoJSON document, held ready as it is and packed."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from cloud.fleet.basemap import Basemap, ready
from protocols.inventory import City


def outlines_of(cities: Iterable[City]) -> Basemap:
    """A feature for each ward that has an outline; its `layer` is as in the base map."""
    features = [feature for city in cities for feature in _features(city)]
    return ready(orjson.dumps({"type": "FeatureCollection", "features": features}))


def _features(city: City) -> Iterator[Mapping[str, Any]]:
    for ward in city.wards:
        if ward.outline:
            names = {
                "layer": "ward",
                "id": ward.id,
                "site": city.site,
                "name_vi": ward.name.vi,
                "name_en": ward.name.en,
            }
            yield {
                "type": "Feature",
                "properties": names,
                "geometry": {"type": "MultiPolygon", "coordinates": ward.outline},
            }
