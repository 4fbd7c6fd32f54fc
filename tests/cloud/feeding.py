"""What edges send, put into a service's inbox as its receiver would."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cloud.ingest.arrivals import Arrival
from protocols import readings as columns
from protocols import wire
from protocols.commands import Answer
from protocols.readings import Reading
from protocols.topics import Stream
from protocols.wire import Header
from tests.cloud.cities import lamp_id
from tests.cloud.serving import Service
from tests.waiting import until

EPOCH = "epoch0000000test"


@dataclass(slots=True)
class Feed:
    """The streams of every edge; each batch gets the next seq."""

    service: Service
    _last: Counter[tuple[str, Stream]] = field(default_factory=Counter)

    async def readings(self, readings: Iterable[Reading], edge: str = "HL-E01", stream: Stream = Stream.LIVE) -> None:
        """Returns when the live side has passed them."""
        await self.bodies(edge, stream, wire.encode_tables(columns.tables(readings)))

    async def answers(self, answers: Sequence[Answer], edge: str = "HL-E01") -> None:
        """Returns when the live side has passed them."""
        await self.bodies(edge, Stream.EVENT, [wire.encode_events(answers)])

    async def bodies(self, edge: str, stream: Stream, bodies: Iterable[bytes]) -> None:
        """Batches as they come from the broker."""
        parts = self.service.parts
        arrivals = [self._arrival(edge, stream, body) for body in bodies]
        parts.measurements.inbox.accept(arrivals)
        parts.cursors.wake()
        await until(lambda: parts.cursors.behind[1] == 0)

    def _arrival(self, edge: str, stream: Stream, body: bytes) -> Arrival:
        self._last[edge, stream] += 1
        header = Header(EPOCH, self._last[edge, stream], 1)
        at = self.service.parts.clock.now().timestamp()
        site = self.service.parts.fleet.edges.get(edge, "halong")
        return Arrival(site, edge, stream, header, at, wire.seal(header, body))


def lamp(n: int, at: datetime, **values: float | None) -> Reading:
    """A healthy lamp at full light, but for the values given."""
    known = {"status_bits": 8.0, "actual_level": 100.0, "target_level": 100.0, "active_power": 100.0, "voltage": 230.0}
    return Reading(lamp_id(n), "luminaire", int(at.timestamp()), {**known, **values})
