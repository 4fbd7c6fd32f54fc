"""A wire between the receiver and the broker that notes which messages and acknowledgements pass, and can be cut."""

import asyncio
import contextlib
from dataclasses import dataclass, field

_PUBLISH, _PUBACK = 3, 4


@dataclass(slots=True)
class Connection:
    """What passed over one connection, as packet ids."""

    delivered: list[int] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)


class Wiretap:
    """Passes everything on to the broker's port; served by `tests.listening`."""

    def __init__(self, broker_port: int) -> None:
        self._broker_port = broker_port
        self.port = 0
        self.connections: list[Connection] = []

    def cut(self) -> None:
        """Every connection breaks."""
        for connection in self.connections:
            for writer in connection.writers:
                writer.transport.abort()

    @property
    def delivered(self) -> int:
        """How many messages went to the receiver, repeated ones too."""
        return sum(len(connection.delivered) for connection in self.connections)

    @property
    def acknowledged(self) -> int:
        """How many acknowledgements came back."""
        return sum(len(connection.acknowledged) for connection in self.connections)

    async def join(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        """One connection, until either side is gone."""
        broker, to_broker = await asyncio.open_connection("127.0.0.1", self._broker_port)
        connection = Connection(writers=[to_client, to_broker])
        self.connections.append(connection)
        try:
            await asyncio.gather(
                _pass_on(client, to_broker, _PUBACK, connection.acknowledged),
                _pass_on(broker, to_client, _PUBLISH, connection.delivered),
            )
        finally:
            to_broker.transport.abort()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kind: int, notes: list[int]) -> None:
    """Packet by packet, until one side is gone."""
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            head, body = await _packet(reader)
            if head[0] >> 4 == kind and (number := _packet_id(head[0], body)) is not None:
                notes.append(number)
            writer.write(head + body)
            await writer.drain()
    writer.close()


async def _packet(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """MQTT 3.1.1, section 2.2: a first byte, the remaining length in groups of seven bits, the rest."""
    head = await reader.readexactly(1)
    length = shift = 0
    while True:
        head += await reader.readexactly(1)
        length |= (head[-1] & 0x7F) << shift
        shift += 7
        if head[-1] < 0x80:
            return head, await reader.readexactly(length)


def _packet_id(first: int, body: bytes) -> int | None:
    """Sections 3.3.2.2 and 3.4.2; a message of QoS 0 has none."""
    if first >> 4 == _PUBACK:
        return int.from_bytes(body[:2])
    topic = int.from_bytes(body[:2])
    return int.from_bytes(body[2 + topic : 4 + topic]) if first & 0b0110 else None
