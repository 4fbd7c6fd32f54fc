"""A TelemetryStore in dictionaries, so that a property can look at hundreds of orders in the time of one real store."""

from collections.abc import Mapping, Sequence

from cloud.telemetry.store import Capabilities, Columns, Health, Mark, Rollup, Stats, Summaries
from protocols.readings import Quality, Table

Point = tuple[float | None, int]


class MemoryStore:
    """Keeps everything; nothing ever fails."""

    def __init__(self) -> None:
        self._points: dict[tuple[str, str], dict[int, dict[str, Point]]] = {}
        self._rows: dict[str, dict[tuple[str, int], dict[str, float]]] = {}
        self._mark: Mark | None = None

    def capabilities(self) -> Capabilities:
        return Capabilities(keeps_mark=True, drops=False)

    async def write(self, tables: Sequence[Table], mark: Mark | None) -> None:
        for table in tables:
            for reading in table.readings():
                points = self._points.setdefault((reading.kind, reading.device), {}).setdefault(reading.at, {})
                points.update({q: (value, int(reading.flag(q))) for q, value in reading.values.items()})
        self._mark = mark

    async def mark(self) -> Mark | None:
        return self._mark

    async def raw(self, kind: str, device: str, quantities: Sequence[str], start: int, end: int) -> Columns:
        points = self._points.get((kind, device), {})
        at = [moment for moment in sorted(points) if start <= moment < end and points[moment].keys() & set(quantities)]
        nothing: tuple[None, None] = (None, None)
        return Columns(
            at,
            {q: [points[moment].get(q, nothing)[0] for moment in at] for q in quantities},
            {q: [points[moment].get(q, nothing)[1] for moment in at] for q in quantities},
        )

    async def raw_many(
        self, kind: str, devices: Sequence[str], quantities: Sequence[str], start: int, end: int
    ) -> Mapping[str, Columns]:
        return {device: await self.raw(kind, device, quantities, start, end) for device in devices}

    async def rollup(
        self, kind: str, devices: Sequence[str], quantities: Sequence[str], start: int, end: int, step_s: int
    ) -> Rollup:
        """Of one quantity."""
        [quantity] = quantities
        steps: dict[tuple[str, int], list[float]] = {}
        for device in sorted(name for of, name in self._points if of == kind and (not devices or name in devices)):
            for at, points in sorted(self._points[kind, device].items()):
                value, flag = points.get(quantity, (None, Quality.MISSING))
                if start <= at < end and value is not None and flag < Quality.SUSPECT:
                    steps.setdefault((device, at // step_s * step_s), []).append(value)
        values = list(steps.values())
        stats = Stats(
            [len(v) for v in values],
            [min(v) for v in values],
            [sum(v) / len(v) for v in values],
            [max(v) for v in values],
            [v[-1] for v in values],
        )
        return Rollup([device for device, _ in steps], [at for _, at in steps], {quantity: stats})

    async def write_summaries(self, summaries: Sequence[Summaries]) -> None:
        for one in summaries:
            rows = self._rows.setdefault(one.name, {})
            for n, key in enumerate(zip(one.keys, one.at, strict=True)):
                told = ((field, column[n]) for field, column in one.fields.items())
                rows[key] = {field: value for field, value in told if value is not None}

    async def summaries(self, name: str, keys: Sequence[str], fields: Sequence[str], start: int, end: int) -> Summaries:
        rows = self._rows.get(name, {})
        there = sorted(place for place in rows if start <= place[1] < end and (not keys or place[0] in keys))
        columns = {field: [rows[place].get(field) for place in there] for field in fields}
        return Summaries(name, [key for key, _ in there], [at for _, at in there], columns)

    async def drop_before(self, name: str, time: int) -> None:
        raise NotImplementedError

    async def health(self) -> Health:
        return Health(True)

    async def close(self) -> None:
        """Nothing is open."""
