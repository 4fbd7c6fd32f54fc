"""An inbox, a store and the two cursors that fill the roll-ups, moved by hand."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cloud.fleet.fleet import Fleet
from cloud.ingest.arrivals import Arrival
from cloud.ingest.feed import Feed
from cloud.ingest.inbox import Inbox
from cloud.ingest.store_cursor import Commits, StoreCursor
from cloud.ingest.window import Window
from cloud.rollups.cursor import GRACE_S, Pace, Rollups
from cloud.rollups.topology import Topology
from cloud.telemetry.store import TelemetryStore
from protocols import wire
from protocols.clock import DomainClock
from protocols.quantities import QUANTITIES
from protocols.readings import Reading, tables
from protocols.topics import Stream
from protocols.wire import Header
from rules.energy import HOUR_S
from rules.revision import CARRIED
from rules.rollup import STATS
from tests.cloud.cities import small_city
from tests.cloud.clocks import Wall, standing_clock

EPOCH = "epoch0000000test"
QUICK = Pace(look_every_s=0.0, save_every_s=1e9, first_pause_s=0.01, longest_pause_s=0.02)
KINDS = ("luminaire", "meter", "air_station")
LEVELS = ("segment", "cabinet", "ward", "group", "city")
ENERGY = ("energy_wh", "energy_sum_wh", "energy_register_kwh", "energy_q", "energy_events", *CARRIED)
SUMS = ("energy_wh", "lamps_n", "energy_estimated_wh", "energy_missing_n", "energy_events", "active_power_mean")
STEPS = ("active_power_sum", "active_power_n", "active_power_min", "active_power_max")

Row = dict[str, float]
Rows = dict[tuple[str, str, int], Row]  # by summary, key and step; only what is known


@dataclass(slots=True)
class Rolling:
    """One service's part of it. `fleet` is the small city."""

    folder: Path
    store: TelemetryStore
    fleet: Fleet = field(default_factory=lambda: Fleet([small_city()], 1))
    pace: Pace = QUICK
    _seqs: Counter[tuple[str, Stream]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.clock, self.wall = standing_clock()
        self.open()

    clock: DomainClock = field(init=False)
    wall: Wall = field(init=False)
    inbox: Inbox = field(init=False)
    cursor: StoreCursor = field(init=False)
    rollups: Rollups = field(init=False)
    _is_started: bool = field(init=False, default=False)

    def open(self) -> None:
        """As after a start of the service."""
        self.inbox = Inbox(self.folder / "inbox.sqlite")
        window = Window(self.inbox)
        commits = Commits(every_s=0.0, look_every_s=0.01, first_pause_s=0.01, longest_pause_s=0.02)
        self.cursor = StoreCursor(self.inbox, self.store, commits, Feed(window.after))
        file = self.folder / "rollups.npz"
        self.rollups = Rollups(Topology(self.fleet), self.clock, self.inbox, self.store, file, self.pace)
        self._feed, self._is_started = Feed(window.after), False

    _feed: Feed = field(init=False)

    def close(self) -> None:
        self.inbox.close()

    def receive(
        self, readings: Iterable[Reading], at: float, edge: str = "HL-E01", stream: Stream = Stream.LIVE
    ) -> None:
        """A batch arrives at a moment of the city's time."""
        self.wall.seconds = max(self.wall.seconds, at)
        for body in wire.encode_tables(tables(readings)):
            self._seqs[edge, stream] += 1
            header = Header(EPOCH, self._seqs[edge, stream], 1)
            self.inbox.accept([Arrival("halong", edge, stream, header, at, wire.seal(header, body))])

    async def start(self) -> None:
        await self.cursor.start()
        await self.rollups.start(self._feed, lambda: self.cursor.position)
        self._is_started = True

    async def count(self) -> None:
        """Let the roll-ups look at everything that is in the inbox now, and once more."""
        if not self._is_started:
            await self.start()
        while self._feed.position < self.inbox.last_position():
            await self.rollups.step()
        await self.rollups.step()

    async def keep(self) -> None:
        """Let the store have everything that is in the inbox now."""
        if not self._is_started:
            await self.start()
        while self.cursor.position < self.inbox.last_position():
            await self.cursor.step()

    async def settle(self, hours: int = 3) -> None:
        """Time goes on without another reading, until nothing is left to do."""
        await self.keep()
        for seconds in (180, *[HOUR_S] * hours):
            self.wall.advance(seconds=seconds)
            await self.count()
            await self._until_idle()

    async def _until_idle(self) -> None:
        for _ in range(10_000):
            if self.rollups.backlog == (0, 0):
                return
            await self.rollups.step()
        raise AssertionError(f"never done: {self.rollups.backlog}")

    async def rows(self) -> Rows:
        """Every summary that the store has."""
        found: Rows = {}
        quantities = [f"{quantity}_{stat}" for quantity in QUANTITIES for stat in STATS]
        for kind in KINDS:
            await self._read(f"{kind}_1h", [*quantities, *ENERGY], found)
        for level in LEVELS:
            await self._read(f"{level}_1h", SUMS, found)
            await self._read(f"{level}_5m", STEPS, found)
        return found

    async def _read(self, name: str, fields: Sequence[str], found: Rows) -> None:
        rows = await self.store.summaries(name, [], fields, 0, 10**11)
        for n, (key, at) in enumerate(zip(rows.keys, rows.at, strict=True)):
            told = {f: value for f in fields if (value := rows.fields[f][n]) is not None}
            found[name, key, at] = told


def closed_at(hour: int) -> float:
    """When an hour that starts at a moment is closed."""
    return hour + HOUR_S + GRACE_S
