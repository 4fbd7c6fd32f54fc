"""The way to the edges, as the rest of the service needs it."""

from typing import Protocol


class Link(Protocol):
    """The broker's connection (`cloud.ingest.receiver`), or a test's that only writes down."""

    @property
    def connected(self) -> bool:
        """True while the broker answers."""
        ...

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Hand over a message, QoS 1; False when there is no connection, and then nothing is kept for later."""
        ...
