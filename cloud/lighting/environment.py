"""The stations as the overview shows them: of two thousand, only those that were heard of are looked at again."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from cloud.fleet.view import View
from cloud.latest.values import Latest, LatestOfKind, LatestValues
from cloud.lighting.schemas import StationValuesOut
from protocols.inventory import Station


class Environment:
    """All stations, in the inventories' order."""

    def __init__(self, stations: Sequence[Station], latest: LatestValues) -> None:
        self._stations = [_station(station, None) for station in stations]
        kinds = {station.kind for station in stations}
        self._kinds = [_Shown(latest.kinds[kind], stations) for kind in sorted(kinds)]

    def look(self, view: View) -> list[StationValuesOut]:
        """The stations now, as far as they are seen."""
        for kind in self._kinds:
            for number, station, latest in kind.changed():
                self._stations[number] = _station(station, latest)
        return [station for station in self._stations if view.sees(station.id)]


class _Shown:
    """The stations of one kind, and which of their readings have been shown."""

    def __init__(self, latest: LatestOfKind, stations: Sequence[Station]) -> None:
        self._latest = latest
        self._stations = [(n, station) for n, station in enumerate(stations) if station.kind == latest.kind]
        self._places = np.array([latest.places[station.id] for _, station in self._stations], dtype=np.int64)
        self._revisions = np.zeros(len(self._stations), dtype=np.int64)

    def changed(self) -> list[tuple[int, Station, Latest | None]]:
        """Number in the inventory, station and newest values of those that have changed since the last call."""
        revisions = self._latest.revisions[self._places]
        rows = np.flatnonzero(revisions != self._revisions)
        self._revisions = revisions
        newest = self._latest.latest(self._places[rows])
        return [(*self._stations[row], latest) for row, latest in zip(rows.tolist(), newest, strict=True)]


def _station(station: Station, latest: Latest | None) -> StationValuesOut:
    at = datetime.fromtimestamp(latest.at, UTC) if latest else None
    values = dict(latest.values) if latest else {}
    return StationValuesOut(id=station.id, kind=station.kind, name=station.name, at=at, values=values)
