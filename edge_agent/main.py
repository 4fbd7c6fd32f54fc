"""Puts an edge together and runs it. A part that dies ends the process with the reason: a supervisor starts it again,
and a gateway that runs but does not poll is worse than one that is down."""

import asyncio
import functools
import logging
from collections.abc import Sequence
from dataclasses import replace
from importlib import metadata
from zoneinfo import ZoneInfo

from edge_agent import config as configs
from edge_agent import driving, ledger, mqtt_lamps, outbox, overrides
from edge_agent.bus import Bus
from edge_agent.config import EdgeConfig
from edge_agent.database import Database
from edge_agent.desired import Documents
from edge_agent.executor import Executor
from edge_agent.fetching import fetch
from edge_agent.lamps import Lamp
from edge_agent.ledger import Ledger
from edge_agent.lights import Lights
from edge_agent.links.modbus import ModbusTcpLink
from edge_agent.mqtt_config import MqttBus
from edge_agent.mqtt_line import MqttLine
from edge_agent.outbox import Outbox
from edge_agent.overrides import Overrides
from edge_agent.pauses import Pause
from edge_agent.poller import Poller
from edge_agent.recorder import Recorder
from edge_agent.status import Status
from edge_agent.uplink import Ears, Uplink
from edge_agent.wanted import Wanted
from protocols.clock import DomainClock
from protocols.readings import Reading
from protocols.topics import STREAMS, Stream

log = logging.getLogger(__name__)

_SHORTEST_PAUSE_S = 0.2

SCHEMA = outbox.SCHEMA + overrides.SCHEMA + ledger.SCHEMA


async def run(config: EdgeConfig, clock: DomainClock) -> None:
    """Run one edge until cancelled. Another configuration is put together anew, over the same outbox."""
    get = functools.partial(fetch, config.cloud, config.edge) if config.cloud else None
    documents = Documents(config, get)
    await asyncio.to_thread(documents.load)
    async with Database(config.data, SCHEMA) as database, asyncio.TaskGroup() as group:
        group.create_task(documents.run(), name="documents")
        held = await Overrides.load(database)
        waiting = await Outbox.load(database, config.outbox_limit, config.outbox_keep, lambda: clock.now().timestamp())
        while True:
            documents.changed.clear()
            agent = Agent(documents.config, clock, waiting, held, Ledger(database), documents)
            await _run_until(agent, documents.changed)


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
    ) -> None:
        self._config = config
        self._outbox = outbox
        self._buses = [_bus(bus, clock) for bus in config.modbus]
        self._clock = clock
        self._lines = {bus.id: self._line(bus) for bus in config.mqtt}
        driven: dict[str, Lamp] = {**driving.lamps(self._buses), **mqtt_lamps.lamps(self._lines.values())}
        wanted = Wanted(config.position, ZoneInfo(config.timezone), overrides)
        self._lights = Lights(driven, wanted, clock)
        self._recorder = Recorder(outbox, self._stream, config.report)
        self._executor = Executor(driven, wanted, overrides, commands, outbox, self._recorder, self._lights, clock)
        ears = Ears(command=self._executor.submit)
        if documents:
            ears = replace(ears, desired=documents.submit)
        self._uplink = Uplink(config, outbox, clock, _software(), ears, documents.holdings if documents else None)
        self._pollers = {
            bus.name: Poller(bus, settings.poll_every, settings.timeout, clock, self._take)
            for bus, settings in zip(self._buses, config.modbus, strict=True)
        }

    async def run(self) -> None:
        """Until cancelled, or until a part dies."""
        log.info("%s lights %d buses", self._config.edge, len(self._config.buses))
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._lights.run(), name="lights")
                group.create_task(self._executor.run(), name="executor")
                group.create_task(self._uplink.run(), name="uplink")
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
        return Status(
            connected=self._uplink.connected,
            shelves={stream: self._outbox.shelf(stream) for stream in STREAMS},
            buses={name: poller.counts for name, poller in self._pollers.items()},
            lines={name: line.counts for name, line in self._lines.items()},
            silent_units={
                **{name: poller.silent_units for name, poller in self._pollers.items()},
                **{name: line.silent for name, line in self._lines.items()},
            },
            corrected=self._lights.corrected,
            repeated=self._recorder.repeated,
            lost=self._recorder.lost,
        )

    def _line(self, settings: MqttBus) -> MqttLine:
        site, edge, zone = self._config.site, self._config.edge, ZoneInfo(self._config.timezone)
        identifier = settings.broker.username or f"{edge}-{settings.id}"
        return MqttLine(settings, settings.under(site, edge), identifier, self._clock, zone, self._hear, self._record)

    def _hear(self, readings: Sequence[Reading]) -> None:
        self._lights.hear(readings)

    async def _record(self, readings: Sequence[Reading]) -> None:
        await self._recorder.record(readings)

    def _stream(self) -> Stream:
        return self._uplink.stream_for_readings()

    async def _take(self, readings: Sequence[Reading]) -> None:
        """A round's readings: the light does not wait for the disk."""
        self._lights.hear(readings)
        await self._recorder.record(readings)


def _bus(settings: configs.Bus, clock: DomainClock) -> Bus:
    again = Pause(
        _SHORTEST_PAUSE_S, settings.poll_every.total_seconds()
    )  # a cabinet that is back is seen in two rounds
    link = ModbusTcpLink(settings.host, settings.port, settings.timeout.total_seconds(), again)
    return Bus(settings.id, link, [device.member() for device in settings.devices], clock)


def _software() -> str:
    try:
        return f"haidang {metadata.version('haidang')}"
    except metadata.PackageNotFoundError:
        return "haidang"
