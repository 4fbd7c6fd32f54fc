"""From the broker into the inbox: nothing is acknowledged before it is on disk.

One thread drives the connection, writes the inbox and tells the edges how far they are safe. What arrives together is
committed together; then the broker may forget it, and then the edge may, by the watermark. The broker's in-flight
window bounds what is in memory.
"""

import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cloud.ingest import drop as test_fault
from cloud.ingest.arrivals import Arrival, DeadLetter, Drop, Status, sort
from cloud.ingest.broker import BrokerSettings
from cloud.ingest.homes import Homes, SiteOf, nobody_s
from cloud.ingest.inbox import Accepted, Inbox
from cloud.ingest.link import Link, Message, Outgoing
from cloud.ingest.pace import Pace
from protocols import topics, wire
from protocols.topics import Leaf
from protocols.wire import Birth, EdgeState, Watermark

CLIENT_ID = "cloud"
WATERMARK_EVERY_S = 0.2
_LONGEST_WAIT_S = 1.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Tally:
    """What has come since the start; read by anybody, written by the receiver's thread."""

    new: int = 0
    known: int = 0
    malformed: int = 0


class Receiver:
    """`on_new`, `on_status` and `on_failure` are called in the receiver's own thread.

    `on_failure` gets what ended the thread: an inbox that cannot be written to must end the service. `site_of` says
    where an edge of the inventory belongs. `now` stamps what arrives (Unix seconds; the service gives the domain
    clock). `drop` is a fault for tests.
    """

    def __init__(
        self,
        broker: BrokerSettings,
        sites: Sequence[str],
        inbox: Inbox,
        on_new: Callable[[], None],
        on_status: Callable[[str, Birth | EdgeState], None],
        *,
        on_failure: Callable[[Exception], None] | None = None,
        site_of: SiteOf = nobody_s,
        now: Callable[[], float] = time.time,
        drop: Drop | None = None,
    ) -> None:
        self._inbox, self._now = inbox, now
        self._homes = Homes(site_of, inbox.homes())
        self._on_new, self._on_status, self._on_failure = on_new, on_status, on_failure
        self._drop = drop or test_fault.from_environment(os.environ) or _keep
        self._link = Link(broker, CLIENT_ID, [topic for site in sites for topic in topics.from_every_edge(site)])
        self._pace = Pace(WATERMARK_EVERY_S)
        self._greeted = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="receiver", daemon=True)
        self.boot = secrets.token_hex(8)
        self.tally = Tally()

    @property
    def connected(self) -> bool:
        """True while the broker answers and lets us read what the edges say."""
        return self._link.connected

    def start(self) -> None:
        """Connect, and go on trying; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread. What was not yet committed comes again at the next start."""
        self._stopping.set()
        if self._thread.ident is None:
            self._link.close()
            return
        self._link.wake()
        self._thread.join()

    def publish(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False) -> bool:
        """Send from any thread. False without a connection; then nothing is kept, and the caller tries again."""
        return self._link.publish(topic, payload, qos, retain)

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._round()
        except Exception as error:
            log.exception("the receiver has ended")
            if self._on_failure:
                self._on_failure(error)
        finally:
            self._link.close()

    def _round(self) -> None:
        messages = self._link.receive(self._longest_wait())
        if messages:
            self._settle(messages)
        if self._link.connected:
            self._greet()
            self._tell()

    def _longest_wait(self) -> float:
        return self._pace.wait(time.monotonic(), _LONGEST_WAIT_S) if self._link.connected else _LONGEST_WAIT_S

    def _greet(self) -> None:
        """Over a new connection every edge is told, also those that have nothing to say."""
        if self._link.connection != self._greeted:
            self._greeted = self._link.connection
            self._touch(self._inbox.edges())

    def _settle(self, messages: Sequence[Message]) -> None:
        """Commit, acknowledge, pass on: in this order."""
        now = self._now()
        parts = [self._sorted(message, now) for message in messages]
        accepted = self._commit(parts)
        self._link.acknowledge(messages)
        self._touch({part.edge for part in parts if isinstance(part, Arrival | Status)})
        for part in parts:
            if isinstance(part, Status):
                self._on_status(part.edge, part.said)
        if accepted.new:
            self._on_new()

    def _sorted(self, message: Message, now: float) -> Arrival | Status | DeadLetter | None:
        part = sort(message.topic, message.payload, now)
        return self._homes.admit(part, message.payload, now) if isinstance(part, Arrival | Status) else part

    def _commit(self, parts: Sequence[Arrival | Status | DeadLetter | None]) -> Accepted:
        arrivals = [part for part in parts if isinstance(part, Arrival) and not self._drop(part)]
        dead = [part for part in parts if isinstance(part, DeadLetter)]
        accepted = self._inbox.accept(arrivals, dead) if arrivals or dead else Accepted(0, 0)
        if dead and not self.tally.malformed:
            log.warning("first malformed message, from %s: %s; the inbox keeps them", dead[0].where, dead[0].why)
        self.tally.new += accepted.new
        self.tally.known += accepted.known
        self.tally.malformed += len(dead)
        return accepted

    def _touch(self, edges: Sequence[str] | set[str]) -> None:
        now = time.monotonic()
        for edge in edges:
            self._pace.touch(edge, now)

    def _tell(self) -> None:
        """Publish the watermarks that are due.

        With QoS 0: each says again what those before it said. One that is lost is made good by the next, at the next
        connection, or when the edge has stood still and sends its oldest batch again.
        """
        if due := self._pace.take(time.monotonic()):
            self._link.send([self._watermark(site, edge) for edge in due if (site := self._homes.of(edge))])

    def _watermark(self, site: str, edge: str) -> Outgoing:
        at = datetime.fromtimestamp(self._now(), UTC)
        watermark = Watermark(boot=self.boot, marks=self._inbox.marks(edge), at=at)
        topic = topics.topic(site, edge, Leaf.WATERMARK)
        return Outgoing(topic, wire.encode_message(watermark), qos=0, retain=True)


def _keep(_arrival: Arrival) -> bool:
    return False
