"""The telemetry store of a city that has an InfluxDB: 1.8, 2, 3, or an openGemini cluster; 1.6 behind a proxy.

A point written again is written over itself, so a commit that broke off is simply repeated; who repeats it is the
cursor of the inbox. A line that the server refuses is found, and named in StorePartly; all others are stored.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cloud.telemetry import influx_answers as answers
from cloud.telemetry import influx_ql as ql
from cloud.telemetry import influx_refusals as refusals
from cloud.telemetry.influx_answers import NotJson, Series
from cloud.telemetry.influx_link import InfluxLink, Refusal
from cloud.telemetry.names import field_name, kind_name, quantity_name, summary_name
from cloud.telemetry.settings import InfluxDb
from cloud.telemetry.store import (
    Capabilities,
    Columns,
    Health,
    Mark,
    RefusedPoint,
    Rollup,
    StoreAway,
    StorePartly,
    StoreRefused,
    Summaries,
)
from protocols import line_protocol
from protocols.readings import Table

_BODY_BYTES = 1_000_000  # before gzip; a body is at most a block longer
_BLOCK_SAMPLES = 20_000
_MOST_LOOKS = 200  # requests that look for refused lines in one body, before the rest is refused unseen
_TOO_LATE = "its time is past what InfluxDB can keep, 2262-04-11"

Block = tuple[bytes, Sequence[int]]  # lines, and the seconds that stand in them

log = logging.getLogger(__name__)


class InfluxStore:
    """A TelemetryStore. Made by `open`."""

    def __init__(self, settings: InfluxDb, token: str) -> None:
        self.settings = settings
        self._link = InfluxLink(settings, token)
        self._fields: dict[str, set[str]] = {}  # of each summary: all that were ever written
        self._said_expired = False

    @classmethod
    async def open(cls, settings: InfluxDb) -> "InfluxStore":
        """The server need not be there yet. Raises StoreAway when the token cannot be read."""
        try:
            token = await asyncio.to_thread(settings.token_file.read_text)
        except OSError as error:
            raise StoreAway(f"the token of InfluxDB cannot be read: {error}") from error
        return cls(settings, token.strip())

    def capabilities(self) -> Capabilities:
        return Capabilities(keeps_mark=False, drops=False, last_second=line_protocol.LAST_KEPT)

    async def write(self, tables: Sequence[Table], _mark: Mark | None) -> None:
        kinds = [kind_name(table.kind) for table in tables]
        for quantity in {quantity for table in tables for quantity in table.quantities}:
            quantity_name(quantity)
        await self._deliver({self.settings.bucket: _samples(zip(tables, kinds, strict=True))})

    async def mark(self) -> Mark | None:
        """The inbox keeps it."""
        return None

    async def raw(self, kind: str, device: str, quantities: Sequence[str], start: int, end: int) -> Columns:
        return (await self.raw_many(kind, [device], quantities, start, end))[device]

    async def raw_many(
        self, kind: str, devices: Sequence[str], quantities: Sequence[str], start: int, end: int
    ) -> Mapping[str, Columns]:
        name, asked = kind_name(kind), [quantity_name(quantity) for quantity in dict.fromkeys(quantities)]
        found: list[Series] = []
        for some in ql.groups(devices) if asked and devices else ():
            found += await self._ask(ql.raw(name, some, asked, start, end))
        return {device: answers.raw([one for one in found if one.name == device], asked) for device in devices}

    async def rollup(
        self, kind: str, devices: Sequence[str], quantities: Sequence[str], start: int, end: int, step_s: int
    ) -> Rollup:
        name, asked = kind_name(kind), [quantity_name(quantity) for quantity in dict.fromkeys(quantities)]
        found: dict[str, list[Series]] = {quantity: [] for quantity in asked}
        for quantity in asked:
            for some in ql.groups(devices):
                found[quantity] += await self._stats(name, some, quantity, start, end, step_s)
        return answers.rollup(found)

    async def write_summaries(self, summaries: Sequence[Summaries]) -> None:
        named = [(summary_name(one.name), one) for one in summaries]
        for field in {field for one in summaries for field in one.fields}:
            field_name(field)
        for name in {name for name, _ in named} - self._fields.keys():
            known = await self._link.ask(self._bucket(name), ql.field_keys(name))
            self._fields[name] = {*answers.names(known, "fieldKey")} - {line_protocol.UNKNOWN}
        buckets = sorted({self._bucket(name) for name, _ in named})
        await self._deliver({b: self._rows([part for part in named if self._bucket(part[0]) == b]) for b in buckets})

    async def summaries(self, name: str, keys: Sequence[str], fields: Sequence[str], start: int, end: int) -> Summaries:
        checked, asked = summary_name(name), [field_name(field) for field in dict.fromkeys(fields)]
        found: list[Series] = []
        for some in ql.groups(keys):
            found += await self._link.ask(self._bucket(checked), ql.summaries(checked, some, asked, start, end))
        return answers.summaries(name, found, asked)

    async def drop_before(self, name: str, _time: int) -> None:
        raise StoreRefused(f"InfluxDB forgets {name} by the retention of its bucket, and not when it is told to")

    async def health(self) -> Health:
        try:
            version = await self._link.version()
            await self._ask(ql.PROBE)
        except StoreAway as error:
            return Health(False, reason=str(error))
        return Health(True, version=version)

    async def close(self) -> None:
        await self._link.close()

    async def _ask(self, statement: str) -> list[Series]:
        return await self._link.ask(self.settings.bucket, statement)

    async def _stats(
        self, kind: str, devices: Sequence[str], quantity: str, start: int, end: int, step_s: int
    ) -> list[Series]:
        """Without any mean, when one of them is larger than a number can be: the answer is torn there."""
        try:
            return await self._ask(ql.rollup(kind, devices, quantity, start, end, step_s))
        except NotJson:
            return await self._ask(ql.rollup(kind, devices, quantity, start, end, step_s, ql.WITHOUT_MEAN))

    def _bucket(self, summary: str) -> str:
        """Five minutes and hours may be kept for other times than samples."""
        own = self.settings.five_minutes_bucket if summary.endswith("_5m") else self.settings.hours_bucket
        return own or self.settings.bucket

    def _rows(self, named: Iterable[tuple[str, Summaries]]) -> Iterator[Block]:
        for name, rows in named:
            others = sorted(self._fields[name] - rows.fields.keys())
            self._fields[name] |= rows.fields.keys()
            for part in _parts(rows):
                yield line_protocol.summary_lines(name, part.keys, part.at, part.fields, others), part.at

    async def _deliver(self, blocks: Mapping[str, Iterator[Block]]) -> None:
        """Write to each bucket. Raises StoreAway, and StorePartly when all that can be written is."""
        refused: list[RefusedPoint] = []
        for bucket, content in blocks.items():
            bodies = _bodies(content, refused)
            while body := await asyncio.to_thread(next, bodies, None):
                refused += await self._put(bucket, body, iter(range(_MOST_LOOKS)))
        if refused:
            raise StorePartly(refused)

    async def _put(self, bucket: str, body: bytes, looks: Iterator[int]) -> list[RefusedPoint]:
        """Write one body; the lines that were refused. Raises StoreAway."""
        try:
            await self._link.write(bucket, body)
        except Refusal as refusal:
            return await self._put_others(bucket, body.splitlines(), refusal, looks)
        return []

    async def _put_others(
        self, bucket: str, lines: Sequence[bytes], refusal: Refusal, looks: Iterator[int]
    ) -> list[RefusedPoint]:
        """Write all lines but those that were refused; where the server does not name them, look for them by halves."""
        told = refusals.told(refusal.body, lines)
        guilty = told.lines
        if next(looks, None) is None or (not guilty and len(lines) == 1):
            guilty = dict.fromkeys(range(len(lines)), told.why)
        if not guilty:
            middle = len(lines) // 2
            first = await self._put(bucket, b"\n".join(lines[:middle]), looks)
            return first + await self._put(bucket, b"\n".join(lines[middle:]), looks)
        refused = [_refused(lines[n], why) for n, why in guilty.items()]
        if told.expired:
            refused = self._expired(bucket, refused)
        others = [line for n, line in enumerate(lines) if n not in guilty]
        return refused + (await self._put(bucket, b"\n".join(others), looks) if others else [])

    def _expired(self, bucket: str, points: Sequence[RefusedPoint]) -> list[RefusedPoint]:
        """What the bucket would forget at once is nobody's mistake."""
        if not self._said_expired:
            self._said_expired = True
            log.warning("%s is older than the bucket %s keeps, and is not stored", points[0].text.decode(), bucket)
        return []


def _samples(tables: Iterable[tuple[Table, str]]) -> Iterator[Block]:
    for table, kind in tables:
        for part in line_protocol.blocks(table, _BLOCK_SAMPLES):
            yield line_protocol.lines(part, kind), part.at


def _parts(rows: Summaries) -> Iterator[Summaries]:
    step = max(1, _BLOCK_SAMPLES // max(1, len(rows.fields)))
    for first in range(0, len(rows), step):
        some = slice(first, first + step)
        columns = {field: column[some] for field, column in rows.fields.items()}
        yield Summaries(rows.name, rows.keys[some], rows.at[some], columns)


def _bodies(blocks: Iterable[Block], refused: list[RefusedPoint]) -> Iterator[bytes]:
    """Blocks put together to requests of a size that every proxy takes, without what is never taken."""
    held: list[bytes] = []
    for lines, at in blocks:
        held.append(lines if max(at, default=0) <= line_protocol.LAST_KEPT else _in_time(lines, refused))
        if sum(map(len, held)) >= _BODY_BYTES:
            yield b"".join(held)
            held = []
    if any(held):
        yield b"".join(held)


def _in_time(lines: bytes, refused: list[RefusedPoint]) -> bytes:
    points = [_refused(line, _TOO_LATE) for line in lines.splitlines()]
    refused += [point for point in points if point.at > line_protocol.LAST_KEPT]
    return b"".join(point.text + b"\n" for point in points if point.at <= line_protocol.LAST_KEPT)


def _refused(line: bytes, why: str) -> RefusedPoint:
    return RefusedPoint(*line_protocol.named(line), line, why)
