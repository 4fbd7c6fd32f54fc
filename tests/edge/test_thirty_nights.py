"""Thirty nights in which anything may happen: every lamp is lit as somebody has said, and never by day without it.

The edge's own classes are at work on a controller of four lamps, under a clock that is set. What stands on the disk is
there after a restart, and nothing else. Of each night some moments are looked at, by preference those around which
something changes; before each the edge has had five seconds.
"""

import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent import adapting, overrides
from edge_agent.adapting import Adapting
from edge_agent.bus import Priority
from edge_agent.database import Database
from edge_agent.desired import Documents
from edge_agent.lights import Lights
from edge_agent.overrides import Overrides
from edge_agent.wanted import Wanted
from protocols.commands import Action, Emergency, Held, LockOut, Override, Resume, Unlock
from protocols.light import LightDocument
from protocols.readings import Reading
from rules import adaptive
from rules.adaptive import State
from rules.held import after, in_force
from rules.lighting import Curves, Lighting, lightings
from rules.programme import Decision
from rules.resolve import Light, programmed, resolve
from rules.sun import is_dark
from tests.edge.clocks import SetClock
from tests.edge.controlled import Controlled, Line
from tests.edge.plans import FIRST, HALONG, HUMID, config, plan
from tests.edge.test_desired import Shelf, document
from tests.edge.test_light_document import body, changed

NIGHTS = 30
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
BEGIN = datetime(FIRST.year, FIRST.month, FIRST.day, 12, tzinfo=ZONE).astimezone(UTC)
PLANS = (plan("1"), plan("2", road="bright"), plan("3", nights=14))
WRONG = changed(timezone="Europe/Paris")
LAMPS = ("L1", "L2", "L3", "L4")
SET_OF = {"L1": "road", "L2": "road", "L3": "park"}
LATE, TICK, POLL = timedelta(seconds=5), timedelta(seconds=2), timedelta(seconds=10)
SAME = 0.5  # % of light: what a controller does not tell apart


@dataclass
class Truth:
    """What people, the cloud and the weather have said: what the edge should know, and nothing of how it does it."""

    document: LightDocument | None = None
    held: dict[str, Held] = field(default_factory=dict)
    humid: State = field(default_factory=State)

    def light(self, device: str, at: datetime) -> Light:
        if self.document is None or device not in SET_OF:
            return Light(Lighting(_SUN))
        lighting = _sets(self.document.release)[SET_OF[device]]
        adapted = adaptive.in_force(lighting.adaptations, {"humid": self.humid}, at)
        return Light(lighting, {"L1": 80.0}.get(device, 100.0), adapted, "relay" if device == "L2" else "dimmable")

    def decision(self, device: str, at: datetime) -> Decision:
        return resolve(self.light(device, at), self.held.get(device, Held()), at)


_SUN = Curves(HALONG, ZONE)


@cache
def _sets(release: str) -> dict[str, Lighting]:
    return lightings(next(one for one in PLANS if one.release == release))


class Night:
    """The street. Time goes from one moment to the next, and the edge ticks where something is looked at."""

    def __init__(self, folder: Path, database: Database, dice: random.Random) -> None:
        self.folder, self.database, self.dice = folder, database, dice
        self.time, self.line, self.truth = SetClock(BEGIN), Line(), Truth()
        self.lamps = {name: Controlled(name, self.line, self.time, has_clock=name in "L2 L4") for name in LAMPS}
        self.shelf = Shelf(WRONG, *map(body, PLANS))
        self.cloud_is_back = BEGIN

    @property
    def now(self) -> datetime:
        return self.time.clock.now()

    async def start(self) -> None:
        """The edge, with what the disk has. It reads every lamp before it does anything."""
        self.documents = Documents(config(self.folder), self.shelf.fetch)
        self.documents.load()
        self.overrides = await Overrides.load(self.database)
        self.adapting = Adapting()
        await self.adapting.load(self.database)
        wanted = Wanted(HALONG, ZONE, self.overrides, lambda: self.documents.light, self.adapting)
        self.lights = Lights(self.lamps, wanted, self.time.clock)
        await self.settle(self.now + LATE + POLL)

    async def settle(self, moment: datetime) -> None:
        """Let a moment come: a round of the poller some time before it, and then the ticks."""
        if moment - LATE - POLL >= self.now:
            await self._go(moment - LATE - self.dice.random() * POLL)
            self.lights.hear([await lamp.read(Priority.ROUTINE) for lamp in self.lamps.values()])
            await self.lights.correct(self.line)
        tick = moment - LATE + self.dice.random() * TICK
        while tick <= moment:
            if tick >= self.now:
                await self._go(tick)
                self.lights.look()
                if self.lights._news[self.line].is_set():
                    self.lights._news[self.line].clear()
                    await self.lights.correct(self.line)
            tick += TICK
        await self._go(moment)

    async def _go(self, moment: datetime) -> None:
        self.time.forward((moment - self.now).total_seconds())

    def look(self) -> None:
        """Every lamp has a level that it should have had within the last five seconds, and a reason for it."""
        for name, lamp in self.lamps.items():
            level, window = lamp.says()[0], [self.now - LATE, self.now]
            found = [self.truth.decision(name, at) for at in window]
            if found[0].level != found[1].level:
                window = [self.now - LATE + timedelta(seconds=n) for n in range(6)]
                found = [self.truth.decision(name, at) for at in window]
            wanted = [decision.level or 0.0 for decision in found]
            assert min(wanted) - SAME <= level <= max(wanted) + SAME, (name, self.now, level, found)
            self._burns_with_reason(name, level, window)

    def _burns_with_reason(self, name: str, level: float, window: list[datetime]) -> None:
        """The same without the ladder: who is held by nobody is dark by day and not below the programme by night."""
        held = self.truth.held.get(name, Held())
        if any(in_force(held, at) != Held() for at in window):
            return
        light = self.truth.light(name, self.now)
        planned = [programmed(light.lighting, at).of(light.output, light.control).level or 0.0 for at in window]
        if not any(is_dark(HALONG, at) for at in window):
            assert level == 0 or max(planned) > 0, f"{name} burns by day at {self.now}"
        assert level >= min(planned) - SAME, f"{name} is darker than its programme at {self.now}"

    async def happens(self, event: tuple[str, str, int]) -> None:
        kind, name, number = event
        if kind == "restart":
            await self.adapting._save(self.database)
            await self.start()
        elif kind == "forget":
            self.lamps[name].programme = self.lamps[name].hold = None
            await self.settle(self.now + LATE + POLL)
        elif kind == "away":
            self.cloud_is_back = max(self.cloud_is_back, self.now + timedelta(minutes=30 * number))
        elif kind == "humid":
            self._measured([99.0, 50.0, 99.0, 92.0][number % 4])
            await self.settle(self.now + timedelta(seconds=20 + number % 20))
        elif self.now >= self.cloud_is_back:
            await self._cloud_says(kind, name, number)
        await self.settle(self.now + LATE)

    def _measured(self, value: float) -> None:
        reading = Reading("W1", "air_station", int(self.now.timestamp()), {"relative_humidity": value})
        self.adapting.hear([reading])
        if self.truth.document:
            self.truth.humid = adaptive.step(HUMID, self.truth.humid, value, datetime.fromtimestamp(reading.at, UTC))

    async def _cloud_says(self, kind: str, name: str, number: int) -> None:
        until = self.now + timedelta(minutes=7 * number)
        actions: dict[str, Action] = {
            "override": Override(level=number, until=until),
            "emergency": Emergency(until=until),
            "lock_out": LockOut(),
            "unlock": Unlock(),
            "resume": Resume(),
        }
        if kind in actions:
            held = self.truth.held[name] = after(self.truth.held.get(name, Held()), actions[kind])
            await self.overrides.put(name, held)
        else:
            await self._desires(None if kind == "withdrawn" else PLANS[number % 3] if kind == "plan" else WRONG)

    async def _desires(self, wanted: LightDocument | bytes | None) -> None:
        text = body(wanted) if isinstance(wanted, LightDocument) else wanted
        await self.documents._settle([] if text is None else [document(text, "light")])
        if wanted is WRONG:
            assert self.documents.holdings.refused
            return
        self.truth.document = wanted if isinstance(wanted, LightDocument) else None
        if wanted is None:
            self.truth.humid = State()


def moments(night: Night) -> Iterator[datetime]:
    """Some of each night's: a change in somebody's programme, a little after it, and any."""
    dice = night.dice
    for n in range(NIGHTS):
        begin = BEGIN + timedelta(days=n)
        points = {
            point.at
            for lighting in _sets("1" if dice.random() < 0.5 else "2").values()
            if (tonight := lighting.tonight(begin)) is not None
            for point in tonight.curve.points
        }
        for at in dice.sample(sorted(points), 2):
            yield at + timedelta(seconds=dice.choice([0.5, 4, 20]))
        yield begin + timedelta(seconds=dice.random() * 86_400)


def at_its_time(minute: int, kind: str) -> datetime:
    """The air is humid in the small hours, when lamps are dimmed."""
    day, rest = divmod(minute, 1440)
    return BEGIN + timedelta(days=day, minutes=11 * 60 + rest % 360 if kind == "humid" else rest)


async def play(events: Sequence[tuple[int, tuple[str, str, int]]], seed: int) -> None:
    """All of it."""
    with TemporaryDirectory() as folder:
        async with Database(Path(folder) / "edge.sqlite", overrides.SCHEMA + adapting.SCHEMA) as database:
            night = Night(Path(folder), database, random.Random(seed))
            await night.start()
            when = [(at_its_time(minute, event[0]), event) for minute, event in events]
            looks = [(at, ("look", "", 0)) for at in moments(night)]
            for at, event in sorted([*when, *looks], key=lambda one: one[0]):
                if at - LATE > night.now:
                    await night.settle(at)
                    night.look()
                if event[0] != "look":
                    await night.happens(event)
                    night.look()


KINDS = ["override", "override", "emergency", "lock_out", "unlock", "resume", "plan", "plan", "wrong", "withdrawn"]
KINDS += ["restart", "restart", "forget", "away", "humid", "humid", "humid"]
events = st.tuples(st.sampled_from(KINDS), st.sampled_from(LAMPS), st.integers(0, 100))
minutes = st.tuples(st.integers(0, NIGHTS - 1), st.integers(10, 1380)).map(lambda day: day[0] * 1440 + day[1])


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(minutes, events), min_size=30, max_size=60), st.integers(0, 1000))
def test_whatever_happens_in_thirty_nights_the_street_is_lit_as_planned(
    said: list[tuple[int, tuple[str, str, int]]], seed: int
) -> None:
    asyncio.run(play([(5, ("plan", "L1", 0)), *said], seed))
