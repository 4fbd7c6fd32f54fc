"""Puts an edge together and runs it. A part that dies ends the process with the reason: a supervisor starts it again,
and a gateway that runs but does not poll is worse than one that is down."""

import asyncio
import functools
import logging
import sqlite3
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from typing import NoReturn
from zoneinfo import ZoneInfo

from edge_agent import adapting, driving, ledger, mqtt_lamps, outbox, overrides, timekeeper
from edge_agent.adapting import Adapting
from edge_agent.audit_heads import AuditHeads, heads_file
from edge_agent.bus import Bus
from edge_agent.config import EdgeConfig, ModbusBus, RtuTcpBus, SerialBus, TcpBus
from edge_agent.database import Database
from edge_agent.desired import Documents
from edge_agent.executor import Executor
from edge_agent.fetching import fetch
from edge_agent.lamps import Lamp
from edge_agent.ledger import Ledger
from edge_agent.lights import Lights
from edge_agent.links.modbus import ModbusLink
from edge_agent.links.ports import Port, RtuTcpPort, SerialPort, TcpPort
from edge_agent.machine import MachineWatch, free_mb
from edge_agent.mqtt_config import MqttBus
from edge_agent.mqtt_line import MqttLine
from edge_agent.outbox import Outbox
from edge_agent.overrides import Overrides
from edge_agent.pauses import Pause
from edge_agent.poller import Poller
from edge_agent.recorder import Recorder
from edge_agent.status import Clock, Light, Status, readings
from edge_agent.status_door import answering, door
from edge_agent.supervision import Supervision
from edge_agent.timekeeper import Timekeeper
from edge_agent.uplink import Ears, Uplink
from edge_agent.wanted import Wanted
from protocols.clock import DomainClock
from protocols.modbus.rtu import Pace
from protocols.readings import Reading
from protocols.topics import STREAMS, Stream
from rules.programme import Reason

log = logging.getLogger(__name__)

_SHORTEST_PAUSE_S = 0.2
_TURN_OF_A_THREAD_S = 0.001  # the disk's thread waits as long for ours; a command needs it four times
_SHORTEST_PATIENCE_S = 60.0  # with a bus, before the watchdog is no longer told that we work

SCHEMA = outbox.SCHEMA + overrides.SCHEMA + ledger.SCHEMA + timekeeper.SCHEMA + adapting.SCHEMA


async def run(config: EdgeConfig, clock: DomainClock) -> None:
    """Run one edge until cancelled."""
    sys.setswitchinterval(_TURN_OF_A_THREAD_S)
    get = functools.partial(fetch, config.cloud, config.edge) if config.cloud else None
    documents = Documents(config, get)
    await asyncio.to_thread(documents.load)
    heads = AuditHeads(heads_file(config.data))
    async with Database(config.data, SCHEMA) as database:
        keeper = Timekeeper(clock)
        await keeper.load(database)
        held = await Overrides.load(database)
        measured = Adapting()
        await measured.load(database)
        free = functools.partial(free_mb, config.data.parent)
        waiting = await Outbox.load(database, config.outbox_limit, config.outbox_keep, keeper.seconds, free)
        life = Life(
            lambda: Agent(
                documents.config, keeper.clock, waiting, held, Ledger(database), documents, keeper, heads, measured
            )
        )
        supervision = Supervision(life.rounds, life.patience_s, lambda: database.run(_nothing))
        async with answering(door(config.data), lambda: life.agent.status()), asyncio.TaskGroup() as group:
            group.create_task(documents.run(), name="documents")
            group.create_task(keeper.run(database), name="timekeeper")
            group.create_task(heads.run(), name="audit heads")
            group.create_task(measured.run(database), name="adapting")
            group.create_task(supervision.run(), name="supervision")
            await life.run(documents.changed)


def _nothing(_connection: sqlite3.Connection) -> None:
    """The database answers."""


class Life:
    """One agent after the other: another configuration is put together anew, over the same outbox."""

    def __init__(self, make: Callable[[], "Agent"]) -> None:
        self._make = make
        self.agent = make()

    async def run(self, changed: asyncio.Event) -> NoReturn:
        """Until cancelled, or until an agent dies."""
        while True:
            await _run_until(self.agent, changed)
            changed.clear()
            self.agent = self._make()

    def rounds(self) -> dict[str, int]:
        """How many rounds each bus has had, and each link."""
        return self.agent.rounds()

    def patience_s(self) -> dict[str, float]:
        """How long each bus may be without a round, and each link (wall seconds)."""
        config = self.agent.config
        links = dict.fromkeys((link.id for link in config.mqtt), _SHORTEST_PATIENCE_S)
        return links | {bus.id: max(_SHORTEST_PATIENCE_S, 5 * bus.poll_every.total_seconds()) for bus in config.modbus}


async def _run_until(agent: "Agent", changed: asyncio.Event) -> None:
    """Run an agent until it dies, or until something else is in force."""
    life, change = asyncio.create_task(agent.run()), asyncio.create_task(changed.wait())
    try:
        await asyncio.wait({life, change}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (life, change):
            task.cancel()
        await asyncio.wait({life, change})
    if not life.cancelled():
        life.result()


class Agent:
    """One edge, wired. `run` it once."""

    def __init__(
        self,
        config: EdgeConfig,
        clock: DomainClock,
        outbox: Outbox,
        overrides: Overrides,
        commands: Ledger,
        documents: Documents | None = None,
        keeper: Timekeeper | None = None,
        heads: AuditHeads | None = None,
        measured: Adapting | None = None,
    ) -> None:
        self.config = config
        self._documents = documents or Documents(config, None)
        self._keeper = keeper or Timekeeper(clock)
        self._outbox = outbox
        self._buses = [_bus(bus, clock) for bus in config.modbus]
        self._clock = clock
        self._lines = {bus.id: self._line(bus) for bus in config.mqtt}
        driven: dict[str, Lamp] = {**driving.lamps(self._buses), **mqtt_lamps.lamps(self._lines.values())}
        self._measured = measured or Adapting()
        zone, documents = ZoneInfo(config.timezone), self._documents
        wanted = Wanted(config.position, zone, overrides, lambda: documents.light, self._measured)
        self._wanted, self._driven = wanted, driven
        self._lights = Lights(driven, wanted, clock, self._is_time_known)
        self._recorder = Recorder(outbox, self._stream, config.report, self._is_time_known)
        self._keeper.on_set = self._recorder.clock_was_set
        self._machine = MachineWatch(config.data.parent)
        self._seen = self._machine.look()
        self._executor = Executor(driven, wanted, overrides, commands, outbox, self._recorder, self._lights, clock)
        heads = heads or AuditHeads(heads_file(config.data))
        ears = Ears(self._executor.submit, self._documents.submit, self._keeper.heard, heads.submit)
        self._uplink = Uplink(config, outbox, clock, _software(), ears, self._documents.holdings)
        self._pollers = {
            bus.name: Poller(bus, settings.poll_every, settings.timeout, clock, self._take)
            for bus, settings in zip(self._buses, config.modbus, strict=True)
        }

    async def run(self) -> None:
        """Until cancelled, or until a part dies."""
        log.info("%s lights %d buses", self.config.edge, len(self.config.buses))
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._lights.run(), name="lights")
                group.create_task(self._executor.run(), name="executor")
                group.create_task(self._uplink.run(), name="uplink")
                group.create_task(self._figures(), name="figures")
                for name, poller in self._pollers.items():
                    group.create_task(poller.run(), name=f"poller {name}")
                    for visits in poller.visits:
                        group.create_task(visits.run(), name=f"visits {visits.device}")
                for name, line in self._lines.items():
                    group.create_task(line.run(), name=f"line {name}")
        except* Exception as group:
            log.critical("the edge ends: %s", "; ".join(str(error) or repr(error) for error in group.exceptions))
            raise
        finally:
            for bus in self._buses:
                bus.close()

    def status(self) -> Status:
        """How it is now."""
        holdings = self._documents.holdings
        return Status(
            edge=self.config.edge,
            software=_software(),
            connected=self._uplink.connected,
            shelves={stream: self._outbox.shelf(stream) for stream in STREAMS},
            waits_s={stream: self._outbox.age_s(stream) for stream in STREAMS},
            buses={name: poller.counts for name, poller in self._pollers.items()},
            lines={name: line.counts for name, line in self._lines.items()},
            silent_units={
                **{name: poller.silent_units for name, poller in self._pollers.items()},
                **{name: line.silent for name, line in self._lines.items()},
            },
            corrected=self._lights.corrected,
            repeated=self._recorder.repeated,
            lost=self._recorder.lost,
            clock=Clock(self._keeper.trust, self._keeper.offset_s),
            machine=self._seen,
            documents={document.name: document.hash for document in holdings.held},
            refused={document.name: document.reason for document in holdings.refused},
            light=Light(self._wanted.release, self._wanted.last_night, self._rungs()),
        )

    def rounds(self) -> dict[str, int]:
        """How many rounds each bus has had, and how many turns each link of MQTT devices."""
        turns = {name: line.counts.turns for name, line in self._lines.items()}
        return {name: poller.counts.rounds for name, poller in self._pollers.items()} | turns

    def _rungs(self) -> Mapping[Reason, int]:
        return self._wanted.rungs(self._driven, self._clock.now() if self._is_time_known() else None)

    async def _figures(self) -> NoReturn:
        """The edge's own readings."""
        while True:
            await asyncio.sleep(self.config.figures_every.total_seconds())
            self._seen = self._machine.look()
            await self._recorder.record(readings(self.status(), self._clock.seconds()))

    def _is_time_known(self) -> bool:
        return self._keeper.is_known

    def _line(self, settings: MqttBus) -> MqttLine:
        site, edge, zone = self.config.site, self.config.edge, ZoneInfo(self.config.timezone)
        identifier = settings.broker.username or f"{edge}-{settings.id}"
        return MqttLine(settings, settings.under(site, edge), identifier, self._clock, zone, self._hear, self._record)

    def _hear(self, readings: Sequence[Reading]) -> None:
        self._lights.hear(readings)

    def _measure(self, readings: Sequence[Reading]) -> None:
        if self._is_time_known():
            self._measured.hear(readings)

    async def _record(self, readings: Sequence[Reading]) -> None:
        self._measure(readings)
        await self._recorder.record(readings)

    def _stream(self) -> Stream:
        return self._uplink.stream_for_readings()

    async def _take(self, readings: Sequence[Reading]) -> None:
        """A round's readings: the light does not wait for the disk."""
        self._lights.hear(readings)
        self._measure(readings)
        await self._recorder.record(readings)


def _bus(settings: ModbusBus, clock: DomainClock) -> Bus:
    again = Pause(
        _SHORTEST_PAUSE_S, settings.poll_every.total_seconds()
    )  # a cabinet that is back is seen in two rounds
    link = ModbusLink(
        _port(settings),
        settings.timeout.total_seconds(),
        again,
        timeouts=settings.timeouts,
        gap=settings.min_gap.total_seconds(),
    )
    members = [device.member() for device in settings.devices]
    return Bus(settings.id, link, members, clock, baud=link.baud, timeouts=settings.timeouts)


def _port(settings: ModbusBus) -> Port:
    match settings:
        case SerialBus():
            return SerialPort(settings.port, settings.baudrate, settings.parity, settings.stop_bits)
        case RtuTcpBus():
            pace = Pace(settings.baudrate) if settings.baudrate else None
            return RtuTcpPort(settings.host, settings.port, pace)
        case TcpBus():
            return TcpPort(settings.host, settings.port)


def _software() -> str:
    try:
        return f"haidang {metadata.version('haidang')}"
    except metadata.PackageNotFoundError:
        return "haidang"
