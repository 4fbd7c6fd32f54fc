"""Where a link leads, and how pymodbus is brought there."""

from dataclasses import dataclass
from typing import Protocol

from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.framer import FramerType

from edge_agent.links.framers import RtuFramer, TcpFramer
from protocols.modbus.rtu import Pace

Client = AsyncModbusTcpClient | AsyncModbusSerialClient
Framer = TcpFramer | RtuFramer


class Port(Protocol):
    """`name` is for the person who has to find it; `pace` is that of the line, where there is one and it is known."""

    @property
    def name(self) -> str: ...

    @property
    def pace(self) -> Pace | None: ...

    def client(self, timeout: float) -> Client:
        """One that is not connected."""

    def framer(self) -> Framer:
        """How answers look there."""


@dataclass(frozen=True, slots=True)
class TcpPort:
    """Devices, or a gateway, that speak Modbus TCP."""

    host: str
    port: int
    pace: None = None

    @property
    def name(self) -> str:
        return f"{self.host}:{self.port}"

    def client(self, timeout: float) -> Client:
        return AsyncModbusTcpClient(
            self.host, port=self.port, timeout=timeout, retries=0, reconnect_delay=0, name=self.host
        )

    def framer(self) -> Framer:
        return TcpFramer()


@dataclass(frozen=True, slots=True)
class SerialPort:
    """A serial line, such as /dev/ttyS0. `parity` is N, E or O."""

    name: str
    baudrate: int
    parity: str = "N"
    stop_bits: int = 1

    @property
    def pace(self) -> Pace:
        return Pace(self.baudrate, 1 + 8 + (self.parity != "N") + self.stop_bits)

    def client(self, timeout: float) -> Client:
        return AsyncModbusSerialClient(
            self.name,
            baudrate=self.baudrate,
            parity=self.parity,
            stopbits=self.stop_bits,
            timeout=timeout,
            retries=0,
            reconnect_delay=0,
        )

    def framer(self) -> Framer:
        return RtuFramer()


@dataclass(frozen=True, slots=True)
class RtuTcpPort:
    """A serial line behind a socket that passes its bytes on as they are."""

    host: str
    port: int
    pace: Pace | None = None

    @property
    def name(self) -> str:
        return f"{self.host}:{self.port}"

    def client(self, timeout: float) -> Client:
        return AsyncModbusTcpClient(
            self.host,
            port=self.port,
            timeout=timeout,
            retries=0,
            reconnect_delay=0,
            name=self.host,
            framer=FramerType.RTU,
        )

    def framer(self) -> Framer:
        return RtuFramer()
