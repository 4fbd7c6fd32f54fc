"""Batches as an edge makes them."""

from collections.abc import Sequence

from cloud.ingest.arrivals import Arrival
from protocols import wire
from protocols.readings import Table
from protocols.topics import Stream
from protocols.wire import Header

SITE = "halong"
EDGE = "HL-E01"
EPOCH = "abcdefgh01234567"


def table(device: str, at: Sequence[int], values: Sequence[float | None], quantity: str = "voltage") -> Table:
    """Readings of one quantity of one lamp."""
    flags = [9 if value is None else 1 for value in values]
    return Table("luminaire", (quantity,), [device] * len(at), list(at), [list(values)], [flags])


def payload(seq: int, content: Table | None = None, floor: int = 1, epoch: str = EPOCH) -> bytes:
    """A sealed batch; without a table it has one reading, of the second `seq`."""
    [body] = wire.encode_tables([content or table("HL-000001", [seq], [float(seq)])])
    return wire.seal(Header(epoch, seq, floor), body)


def broken_payload(seq: int) -> bytes:
    """A batch with a name and without sense."""
    return wire.seal(Header(EPOCH, seq, 1), b'{"tables":[{"kind":"luminaire"}]}')


def arrival(
    seq: int,
    content: Table | bytes | None = None,
    *,
    floor: int = 1,
    edge: str = EDGE,
    epoch: str = EPOCH,
    stream: Stream = Stream.LIVE,
) -> Arrival:
    """A batch as the receiver hands it to the inbox."""
    sealed = content if isinstance(content, bytes) else payload(seq, content, floor, epoch)
    return Arrival(SITE, edge, stream, Header(epoch, seq, floor), 1_000.0 + seq, sealed)
