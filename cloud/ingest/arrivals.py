"""What came from the broker, told apart: a batch with its name, word of an edge itself, or bytes that are neither."""

from collections.abc import Callable
from dataclasses import dataclass

from protocols import topics, wire
from protocols.topics import Address, Leaf, NotATopic, Stream
from protocols.wire import Birth, EdgeState, Header, WireError

LONGEST_WHERE = 200  # letters of a topic or place that are kept with a dead letter


@dataclass(frozen=True, slots=True)
class Arrival:
    """A batch with its name read and its body untouched."""

    site: str
    edge: str
    stream: Stream
    header: Header
    received_at: float
    payload: bytes


@dataclass(frozen=True, slots=True)
class Status:
    """What an edge says of itself."""

    site: str
    edge: str
    said: Birth | EdgeState


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Bytes that nobody can use, kept for a person to look at."""

    where: str
    why: str
    payload: bytes
    at: float


Drop = Callable[[Arrival], bool]


def sort(topic: str, payload: bytes, at: float) -> Arrival | Status | DeadLetter | None:
    """Tell what arrived. `None` is a retained message that somebody has cleared."""
    try:
        return _known(topics.parse(topic), payload, at)
    except NotATopic:
        return dead_letter(topic, "not one of our topics", payload, at)
    except WireError as error:
        return dead_letter(topic, str(error), payload, at)


def dead_letter(where: str, why: str, payload: bytes, at: float) -> DeadLetter:
    """A dead letter of bounded size."""
    return DeadLetter(where[:LONGEST_WHERE], why[:LONGEST_WHERE], payload[: wire.MAX_BYTES], at)


def _known(address: Address, payload: bytes, at: float) -> Arrival | Status | DeadLetter | None:
    if isinstance(address.leaf, Stream):
        header = wire.decode_header(payload)
        return Arrival(address.site, address.edge, address.leaf, header, at, payload)
    if not payload:
        return None
    if address.leaf is Leaf.BIRTH:
        return Status(address.site, address.edge, wire.decode_message(Birth, payload))
    if address.leaf is Leaf.STATE:
        return Status(address.site, address.edge, wire.decode_message(EdgeState, payload))
    raise NotATopic(str(address.leaf))
