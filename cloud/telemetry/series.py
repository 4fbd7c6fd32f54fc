"""One device's readings for a chart: what the store has, and what still waits for it in the inbox."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cloud.ingest.feed import OwnerOf, item, unknown_owner
from cloud.ingest.inbox import Delivery, Inbox
from cloud.ingest.store_cursor import stored_upto
from cloud.telemetry.store import Columns, TelemetryStore
from protocols.readings import Reading

_PAGE = 200

Point = tuple[float | None, int]  # value and QARTOD flag


async def readings(
    store: TelemetryStore,
    inbox: Inbox,
    kind: str,
    device: str,
    quantities: Sequence[str],
    start: int,
    end: int,
    owner_of: OwnerOf = unknown_owner,
) -> Columns:
    """Points in [start, end), each once. Raises StoreError.

    The mark is asked first and the store last: a commit between the two shows a point in both, never in neither.
    """
    position = await stored_upto(inbox, store)
    fresh = await asyncio.to_thread(_in_inbox, inbox, position, kind, device, quantities, start, end, owner_of)
    stored = await store.raw(kind, device, quantities, start, end)
    return _merged(stored, fresh, quantities) if fresh else stored


def held(columns: Columns, longest_s: float) -> dict[str, list[float | None]]:
    """The values as they stood at each moment: edges report by exception, so what was not sent is what it was, for as
    long as a heartbeat may take. `None` is a value that is not known."""
    return {name: _held(columns, name, longest_s) for name in columns.values}


def _held(columns: Columns, name: str, longest_s: float) -> list[float | None]:
    found: list[float | None] = []
    value, until = None, 0.0
    for at, read, flag in zip(columns.at, columns.values[name], columns.flags[name], strict=True):
        if flag is not None:
            value, until = read, at + longest_s
        found.append(value if at <= until else None)
    return found


def _in_inbox(
    inbox: Inbox,
    position: int,
    kind: str,
    device: str,
    quantities: Sequence[str],
    start: int,
    end: int,
    owner_of: OwnerOf,
) -> dict[int, dict[str, Point]]:
    """What the inbox has by second and quantity; the later batch counts, as it will in the store."""
    points: dict[int, dict[str, Point]] = {}
    for reading in _readings(_deliveries(inbox, position, device), kind, device, owner_of):
        read = {q: (reading.values[q], int(reading.flag(q))) for q in quantities if q in reading.values}
        if read and start <= reading.at < end:
            points.setdefault(reading.at, {}).update(read)
    return points


def _deliveries(inbox: Inbox, position: int, device: str) -> Iterator[Delivery]:
    """The batches that may speak of a device: its id stands in them in quotes."""
    while page := inbox.mentioning(f'"{device}"'.encode(), position, _PAGE):
        yield from page
        position = page[-1].position


def _readings(deliveries: Iterable[Delivery], kind: str, device: str, owner_of: OwnerOf) -> Iterator[Reading]:
    for delivery in deliveries:
        batch = item(delivery, owner_of).batch
        for table in batch.tables if batch else ():
            if table.kind == kind and device in table.devices:
                yield from (reading for reading in table.readings() if reading.device == device)


def _merged(stored: Columns, fresh: Mapping[int, Mapping[str, Point]], quantities: Sequence[str]) -> Columns:
    points = {at: _row(stored, row) for row, at in enumerate(stored.at)}
    for at, read in fresh.items():
        points.setdefault(at, {}).update(read)
    moments = sorted(points)
    rows = [points[moment] for moment in moments]
    nothing: tuple[None, None] = (None, None)
    return Columns(
        moments,
        {q: [row.get(q, nothing)[0] for row in rows] for q in quantities},
        {q: [row.get(q, nothing)[1] for row in rows] for q in quantities},
    )


def _row(stored: Columns, row: int) -> dict[str, Point]:
    """One stored row, without what was not read."""
    flags = {q: column[row] for q, column in stored.flags.items()}
    return {q: (stored.values[q][row], flag) for q, flag in flags.items() if flag is not None}
