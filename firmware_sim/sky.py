"""Sun and darkness over a city."""

from collections.abc import Iterator
from datetime import UTC, datetime

from astral import Observer
from astral.sun import elevation

from protocols.inventory import Place

DARK_BELOW = -4.0  # degrees of sun elevation at which our photocell switches: about 20 lx on open ground
_HOUR = 3600


class Sky:
    """When it is dark. Times are Unix seconds."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._observer = Observer(place.latitude, place.longitude)
        self._changes: dict[int, tuple[float, bool] | None] = {}
        self._dark: dict[int, bool] = {}

    def sun_elevation(self, at: float) -> float:
        """Degrees above the horizon."""
        return elevation(self._observer, datetime.fromtimestamp(at, UTC))

    def dark(self, at: float) -> bool:
        """What a photocell says."""
        change = self._change(int(at // _HOUR))
        if change is None:
            return self._dark_at_hour(int(at // _HOUR))
        return change[1] if at >= change[0] else not change[1]

    def changes(self, start: float, end: float) -> Iterator[float]:
        """The moments after `start` and before `end` at which it turns dark or light."""
        for hour in range(int(start // _HOUR), int(end // _HOUR) + 1):
            change = self._change(hour)
            if change is not None and start < change[0] < end:
                yield change[0]

    def _change(self, hour: int) -> tuple[float, bool] | None:
        """The change within an hour of the calendar, and whether it is to dark."""
        if hour not in self._changes:
            self._changes[hour] = self._search(hour)
        return self._changes[hour]

    def _search(self, hour: int) -> tuple[float, bool] | None:
        before, after = self._dark_at_hour(hour), self._dark_at_hour(hour + 1)
        if before == after:
            return None
        low, high = float(hour * _HOUR), float((hour + 1) * _HOUR)
        while high - low > 1:
            middle = (low + high) / 2
            if (self.sun_elevation(middle) < DARK_BELOW) == before:
                low = middle
            else:
                high = middle
        return high, after

    def _dark_at_hour(self, hour: int) -> bool:
        if hour not in self._dark:
            self._dark[hour] = self.sun_elevation(hour * _HOUR) < DARK_BELOW
        return self._dark[hour]
