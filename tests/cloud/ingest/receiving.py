"""A receiver for a test, in this process or in one that can be killed: `python -m … PORT PASSWORD_FILE INBOX`."""

import asyncio
import signal
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cloud.ingest.arrivals import Drop
from cloud.ingest.broker import BrokerSettings
from cloud.ingest.inbox import Inbox
from cloud.ingest.receiver import Receiver
from protocols.wire import Birth, EdgeState
from tests.cloud.ingest.batches import SITE
from tests.cloud.ingest.brokers import Address
from tests.waiting import until

RECEIVED_AT = 1_800_000_000.0  # by the receiver's clock, which stands still


@dataclass(slots=True)
class Heard:
    """What a receiver called back with."""

    wakes: int = 0
    statuses: list[tuple[str, Birth | EdgeState]] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    def wake(self) -> None:
        self.wakes += 1

    def status(self, edge: str, said: Birth | EdgeState) -> None:
        self.statuses.append((edge, said))


def receiver_for(broker: BrokerSettings, inbox: Inbox, heard: Heard, drop: Drop | None = None) -> Receiver:
    """A receiver that tells `heard`."""
    return Receiver(
        broker,
        [SITE],
        inbox,
        heard.wake,
        heard.status,
        on_failure=heard.failures.append,
        now=lambda: RECEIVED_AT,
        drop=drop,
    )


@asynccontextmanager
async def receiving(
    broker: BrokerSettings, inbox: Inbox, heard: Heard | None = None, drop: Drop | None = None
) -> AsyncIterator[Receiver]:
    """A receiver that is connected."""
    receiver = receiver_for(broker, inbox, heard or Heard(), drop)
    receiver.start()
    try:
        await until(lambda: receiver.connected)
        yield receiver
    finally:
        await asyncio.to_thread(receiver.stop)


def main(port: str, password_file: str, inbox_file: str) -> None:
    """Receive until asked to end."""
    inbox, ended = Inbox(Path(inbox_file)), threading.Event()
    receiver = receiver_for(Address(int(port), "cloud", Path(password_file)), inbox, Heard())
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    receiver.start()
    ended.wait()
    receiver.stop()
    inbox.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
