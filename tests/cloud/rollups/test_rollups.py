"""Hours and sums are the same however the readings came: in order, late, twice, or around a restart."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from cloud.fleet.fleet import Fleet
from cloud.telemetry.duckdb_store import DuckDbStore
from cloud.telemetry.store import Columns, StoreAway, Summaries, TelemetryStore
from protocols.inventory import City
from protocols.readings import Reading
from protocols.topics import Stream
from rules.energy import HOUR_S, Event, Grade
from tests.cloud.cities import lamp_id, small_city
from tests.cloud.rollups import street
from tests.cloud.rollups.memory_store import MemoryStore
from tests.cloud.rollups.rolling import Rolling, Row, Rows
from tests.cloud.rollups.street import START, Seeded
from tests.waiting import until

HOURS = 4
SEEDED: dict[int, Seeded] = {
    1: street.reset_at(street.hour(1) + 1500),
    2: street.silent_between(street.hour(0) + 1500, street.hour(2) + 1500),
    3: street.swapped_at(street.hour(2) + 600),
    4: street.dips_at(street.hour(0) + 1800),
}


@pytest.fixture
async def counting(tmp_path: Path) -> AsyncIterator[Rolling]:
    """What is counted does not depend on the store (see `test_late_batches...` and "Two engines"): the quickest one."""
    async with _started(tmp_path, MemoryStore()) as moved:
        yield moved


@pytest.fixture
async def rolling(embedded: TelemetryStore, tmp_path: Path) -> AsyncIterator[Rolling]:
    """For what is read back from the store."""
    async with _started(tmp_path, embedded) as moved:
        yield moved


@asynccontextmanager
async def _started(folder: Path, store: TelemetryStore) -> AsyncIterator[Rolling]:
    moved = Rolling(folder, store)
    moved.wall.seconds = START
    await moved.start()
    yield moved
    moved.close()


async def play(rolling: Rolling, minutes: Sequence[list[Reading]], look_every: int = 10) -> None:
    """Minute after minute, as it comes."""
    for n, readings in enumerate(minutes):
        rolling.receive(readings, START + 60 * (n + 1))
        if n % look_every == 0:
            await rolling.count()


def hours_of(rows: Rows, summary: str, key: str) -> list[Row]:
    return [row for (name, of, _), row in sorted(rows.items()) if (name, of) == (summary, key)]


def told(rows: Rows, lamp: int) -> list[tuple[float | None, Grade, Event]]:
    return [
        (row.get("energy_wh"), Grade(int(row["energy_q"])), Event(int(row["energy_events"])))
        for row in hours_of(rows, "luminaire_1h", lamp_id(lamp))
    ]


async def test_a_sound_lamp_has_the_energy_of_its_register_hour_by_hour(counting: Rolling) -> None:
    await play(counting, street.minutes(0, HOURS * 60))
    await counting.settle()
    found = told(await counting.rows(), 5)
    true = [street.used(5, street.hour(n)) for n in range(HOURS + 1)]
    assert found[0] == (89, Grade.ESTIMATED, Event.NONE)  # nothing is known of its first seconds
    for n, hour in enumerate(found[1:-1], start=1):
        assert abs((hour[0] or 0) - (true[n + 1] - true[n])) <= 2
        assert hour[1:] == (Grade.INTERPOLATED, Event.NONE)
    assert found[-1] == (None, Grade.MISSING, Event.NONE)  # nothing was told after it


async def test_a_reset_a_gap_a_swap_and_a_dip_are_flagged_in_their_hours(counting: Rolling) -> None:
    await play(counting, street.minutes(0, HOURS * 60, SEEDED))
    await counting.settle()
    rows = await counting.rows()
    assert [events for _, _, events in told(rows, 1)] == [0, Event.RESET, 0, 0]
    assert [events for _, _, events in told(rows, 2)] == [Event.GAP, Event.GAP, Event.GAP, 0]
    assert [events for _, _, events in told(rows, 3)] == [0, 0, Event.SWAP, 0]
    assert [events for _, _, events in told(rows, 4)] == [Event.DIP, 0, 0, 0]
    assert told(rows, 1)[1][1] is told(rows, 2)[1][1] is told(rows, 3)[2][1] is Grade.ESTIMATED


async def test_what_a_register_counted_in_a_gap_is_not_lost(counting: Rolling) -> None:
    await play(counting, street.minutes(0, HOURS * 60, SEEDED))
    await counting.settle()
    hours = hours_of(await counting.rows(), "luminaire_1h", lamp_id(2))
    total = sum(hour["energy_wh"] for hour in hours[:-1])
    assert total == hours[-2]["energy_sum_wh"] == pytest.approx(street.used(2, street.hour(3)), abs=2)


async def test_every_hour_is_the_difference_of_two_sums(counting: Rolling) -> None:
    await play(counting, street.minutes(0, HOURS * 60, SEEDED))
    await counting.settle()
    rows = await counting.rows()
    for lamp in range(1, street.LAMPS + 1):
        hours = hours_of(rows, "luminaire_1h", lamp_id(lamp))
        sums = [0.0, *(hour["energy_sum_wh"] for hour in hours)]
        assert [hour.get("energy_wh") for hour in hours[:-1]] == [
            after - before for before, after in pairwise(sums[:-1])
        ]


async def test_segments_cabinets_wards_groups_and_the_city_are_the_sums_of_their_lamps(tmp_path: Path) -> None:
    city = City.model_validate(
        {
            **small_city().model_dump(),
            "groups": [{"id": "COAST", "name": {"vi": "Biển", "en": "Coast"}, "members": MEMBERS}],
        }
    )
    rolling = Rolling(tmp_path, MemoryStore(), Fleet([city], 1))
    rolling.wall.seconds = START
    await play(rolling, street.minutes(0, HOURS * 60, SEEDED))
    await rolling.settle()
    rolling.close()
    rows = await rolling.rows()
    odd = {lamp_id(n) for n in (1, 3, 5)}
    everyone = {lamp_id(n) for n in range(1, 7)}
    for summary, key, lamps in (
        ("segment_1h", "HL-TC001-A", odd),
        ("cabinet_1h", "HL-TC001", odd),
        ("ward_1h", "W1", odd),
        ("group_1h", "COAST", set(MEMBERS)),
        ("city_1h", "halong", everyone),
    ):
        for n in range(HOURS):
            parts = [
                rows["luminaire_1h", lamp, street.hour(n)]
                for lamp in lamps
                if ("luminaire_1h", lamp, street.hour(n)) in rows
            ]
            whole = rows[summary, key, street.hour(n)]
            known = [part["energy_wh"] for part in parts if "energy_wh" in part]
            assert whole.get("energy_wh", 0) == sum(known)
            assert whole["lamps_n"] == len(lamps)
            assert whole["energy_missing_n"] == len(lamps) - len(known)
            means = sum(part.get("active_power_mean", 0) for part in parts)
            assert whole["active_power_mean"] == pytest.approx(means, abs=1e-6)


MEMBERS = [lamp_id(1), lamp_id(2)]


async def test_the_power_of_a_ward_is_told_every_five_minutes_before_its_hour_is_over(counting: Rolling) -> None:
    await play(counting, street.minutes(0, 20), look_every=1)
    await counting.count()
    rows = await counting.rows()
    told_steps = sorted(at for name, key, at in rows if (name, key) == ("ward_5m", "W1"))
    assert told_steps == [START, START + 300, START + 600]
    means = [sum(street.power(lamp, START + n * 60) for n in range(5)) / 5 for lamp in (1, 3, 5)]
    step = rows["ward_5m", "W1", START]
    assert step["active_power_sum"] == pytest.approx(sum(means), abs=1e-6)
    assert step["active_power_n"] == 3
    assert step["active_power_min"] == pytest.approx(means[0])
    assert not [name for name, _, _ in rows if name.endswith("_1h")]


async def test_a_value_that_is_suspect_enters_no_statistics(counting: Rolling) -> None:
    await play(counting, street.minutes(0, 60))
    await counting.settle()
    [hour] = hours_of(await counting.rows(), "air_station_1h", "HL-AIR-01")
    suspect = sum((START // 60 + n) % 7 == 0 for n in range(60))
    assert hour["pm2_5_n"] == 60 - suspect
    assert "noise_n" not in hour


# Late data


def deliveries(minutes: Sequence[list[Reading]]) -> list[list[Reading]]:
    """A batch for each device and each quarter of an hour."""
    found: dict[tuple[str, int], list[Reading]] = {}
    for reading in (reading for readings in minutes for reading in readings):
        found.setdefault((reading.device, reading.at // 900), []).append(reading)
    return [found[key] for key in sorted(found, key=lambda key: (key[1], key[0]))]


async def in_order(folder: Path, store: TelemetryStore, batches: Sequence[list[Reading]]) -> Rows:
    """All batches arrive evenly over the time in which they were measured."""
    rolling = Rolling(folder, store)
    rolling.wall.seconds = START
    await rolling.start()
    for n, batch in enumerate(batches):
        rolling.receive(batch, START + 900 + n * HOURS * HOUR_S / len(batches))
        if n % 7 == 0:
            await rolling.count()
        if n % 11 == 0:
            await rolling.keep()
    await rolling.settle()
    rolling.close()
    return await rolling.rows()


def late_by_chance(batches: Sequence[list[Reading]], random: Random) -> list[list[Reading]]:
    """Some batches overtake others, by hours at times; a device's own keep their order or do not."""
    delays = [random.choice((0, 0, 0, 1, 5, 40, 400)) * random.random() for _ in batches]
    return [batches[n] for n in sorted(range(len(batches)), key=lambda n: n + delays[n])]


async def test_late_batches_give_the_same_rows_as_batches_in_order(embedded: TelemetryStore, tmp_path: Path) -> None:
    batches = deliveries(street.minutes(0, HOURS * 60, SEEDED))
    shuffled = late_by_chance(batches, Random(1))
    assert shuffled != batches
    true = await undisturbed(tmp_path / "in order", batches)
    assert_same(true, await in_order(made(tmp_path / "late"), embedded, shuffled))


def assert_same(first: Rows, second: Rows) -> None:
    assert first.keys() == second.keys()
    different = {key: (first[key], second[key]) for key in first if first[key] != second[key]}
    assert different == {}


async def test_a_backlog_of_an_edge_that_was_cut_off_for_hours_takes_its_place(
    rolling: Rolling, tmp_path: Path
) -> None:
    """Its lamps go on live meanwhile, so what comes from before is late, and all sums follow."""
    minutes = street.minutes(0, HOURS * 60)
    cut_off = {lamp_id(2), lamp_id(4)}
    before, outage, after = minutes[:70], minutes[70:200], minutes[200:]
    kept = [[reading for reading in readings if reading.device not in cut_off] for readings in outage]
    await play(rolling, [*before, *kept, *after])
    await rolling.keep()
    await rolling.settle(0)
    estimated = told(await rolling.rows(), 2)
    backlog = [reading for readings in outage for reading in readings if reading.device in cut_off]
    for first in range(0, len(backlog), 40):
        rolling.receive(backlog[first : first + 40], START + HOURS * HOUR_S + 60, "HL-E02", Stream.BACKLOG)
    await rolling.settle()
    assert_same(await undisturbed(tmp_path / "undisturbed", minutes), await rolling.rows())
    assert [grade for _, grade, _ in estimated[1:3]] == [Grade.ESTIMATED, Grade.ESTIMATED]


class _Asked(MemoryStore):
    """Writes down about how many devices each read was."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[int] = []

    async def raw_many(
        self, kind: str, devices: Sequence[str], quantities: Sequence[str], start: int, end: int
    ) -> Mapping[str, Columns]:
        self.reads.append(len(devices))
        return await super().raw_many(kind, devices, quantities, start, end)


async def test_what_a_street_says_late_is_read_at_once_and_not_lamp_by_lamp(tmp_path: Path) -> None:
    store = _Asked()
    rolling = Rolling(tmp_path, store)
    rolling.wall.seconds = START
    minutes = street.minutes(0, HOURS * 60)
    lamps = {lamp_id(n) for n in range(1, street.LAMPS + 1)}
    late = [reading for readings in minutes[70:100] for reading in readings if reading.device in lamps]
    kept = [[reading for reading in readings if reading not in late] for readings in minutes]
    await play(rolling, kept)
    await rolling.settle(0)
    store.reads.clear()
    rolling.receive(late, START + HOURS * HOUR_S + 60, "HL-E01", Stream.BACKLOG)
    await rolling.settle()
    assert store.reads == [street.LAMPS]
    assert_same(await undisturbed(tmp_path / "undisturbed", minutes), await rolling.rows())
    rolling.close()


async def test_late_data_that_show_a_reset_move_all_later_sums(rolling: Rolling) -> None:
    """Without them the register seems to have gone on; 30 Wh were counted before it began again."""
    lamp = lamp_id(1)
    known = {0: 1000, 10: 1010, 40: 1012, 50: 1013, 70: 1015, 130: 1060, 190: 1100, 250: 1130}
    late = {20: 1040, 30: 2}
    register = [(START + minute * 60, wh) for minute, wh in known.items()]
    for at, wh in register:
        rolling.receive([Reading(lamp, "luminaire", at, {"active_energy": wh / 1000})], at + 5)
        await rolling.count()
    await rolling.keep()
    before = hours_of(await rolling.rows(), "luminaire_1h", lamp)
    readings = [Reading(lamp, "luminaire", START + m * 60, {"active_energy": wh / 1000}) for m, wh in late.items()]
    rolling.receive(readings, START + 260 * 60)
    await rolling.settle()
    after = hours_of(await rolling.rows(), "luminaire_1h", lamp)
    moved = [b["energy_sum_wh"] - a["energy_sum_wh"] for a, b in zip(before, after, strict=False)]
    assert len(set(moved)) == 1
    assert moved[0] != 0
    assert int(after[0]["energy_events"]) & (Event.RESET | Event.SWAP | Event.DIP)


async def test_the_same_readings_twice_change_nothing(rolling: Rolling) -> None:
    minutes = street.minutes(0, 150)
    await play(rolling, minutes)
    await rolling.settle(1)
    once = await rolling.rows()
    for readings in minutes[:100:9]:
        rolling.receive(readings, rolling.wall.seconds, "HL-E02")
    await rolling.settle(1)
    assert_same(once, await rolling.rows())


# Restarts


async def undisturbed(folder: Path, batches: Sequence[list[Reading]]) -> Rows:
    return await in_order(made(folder), MemoryStore(), batches)


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


class Killed(BaseException):
    """The process is gone."""


class MortalStore(DuckDbStore):
    """Ends the process before or after some write of summaries."""

    random = Random(0)
    kills = 0

    async def write_summaries(self, summaries: Sequence[Summaries]) -> None:
        self._maybe()
        await super().write_summaries(summaries)
        self._maybe()

    def _maybe(self) -> None:
        if self.random.random() < 0.06:
            self.kills += 1
            raise Killed


@pytest.mark.parametrize("seed", range(2))
async def test_a_service_that_is_killed_again_and_again_leaves_the_rows_of_one_that_was_not(
    tmp_path: Path, seed: int
) -> None:
    """At any write, and with what was saved at any moment before: a killed process leaves its files as they are."""
    random = Random(seed)
    batches = late_by_chance(deliveries(street.minutes(0, HOURS * 60, SEEDED)), random)
    true = await undisturbed(tmp_path / "undisturbed", batches)
    folder = made(tmp_path / "killed")
    store = await MortalStore.open(folder / "telemetry.duckdb")
    assert isinstance(store, MortalStore)
    store.random = random
    rolling = Rolling(folder, store)
    rolling.wall.seconds = START
    for n, batch in enumerate(batches):
        rolling.receive(batch, START + 900 + n * HOURS * HOUR_S / len(batches))
        await survive(rolling, keeps=n % 11 == 0, saves=random.random() < 0.1)
    while True:
        with suppress(Killed):
            await rolling.settle()
            break
        restart(rolling)
    rolling.close()
    assert store.kills > 3
    assert_same(true, await rolling.rows())
    await store.close()


async def survive(rolling: Rolling, *, keeps: bool, saves: bool) -> None:
    try:
        await rolling.count()
        if keeps:
            await rolling.keep()
        if saves:
            rolling.rollups.save()
    except Killed:
        restart(rolling)


def restart(rolling: Rolling) -> None:
    rolling.close()
    rolling.open()


async def test_a_restart_counts_nothing_twice_and_goes_on_from_its_place(rolling: Rolling) -> None:
    await play(rolling, street.minutes(0, 90))
    await rolling.count()
    rolling.rollups.save()
    place = rolling.rollups.position
    assert place == rolling.inbox.last_position()
    restart(rolling)
    await rolling.start()
    assert rolling.rollups.position == place
    rolling.inbox.trim(place)
    for n, readings in enumerate(street.minutes(90, 60), start=90):
        rolling.receive(readings, START + 60 * (n + 1))
    await rolling.settle()
    hours = hours_of(await rolling.rows(), "luminaire_1h", lamp_id(5))
    assert [hour["active_power_n"] for hour in hours] == [60, 60, 30]


@pytest.mark.parametrize("damage", ["missing", "half"])
async def test_without_a_file_that_can_be_used_the_sums_go_on_from_what_is_stored(
    rolling: Rolling, tmp_path: Path, damage: str
) -> None:
    minutes = street.minutes(0, HOURS * 60, SEEDED)
    true = await undisturbed(tmp_path / "undisturbed", minutes)
    file = rolling.folder / "rollups.npz"
    for n, readings in enumerate(minutes):
        rolling.receive(readings, START + 900 + n * HOURS * HOUR_S / len(minutes))
        if n % 7 == 0:
            await rolling.count()
        if n == 200:
            await rolling.keep()
            rolling.inbox.trim(rolling.inbox.last_position())
            rolling.rollups.save()
            damaged(file, damage)
            restart(rolling)
    await rolling.settle()
    assert_same(true, await rolling.rows())


def damaged(file: Path, damage: str) -> None:
    content = file.read_bytes()
    file.unlink()
    if damage == "half":
        file.write_bytes(content[: len(content) // 2])


async def test_another_inbox_has_the_open_hours_counted_again_from_what_is_stored(
    rolling: Rolling, tmp_path: Path
) -> None:
    """The disk of the inbox was replaced: what the store had read of the old one is there, also what we had not."""
    minutes = street.minutes(0, HOURS * 60)
    true = await undisturbed(tmp_path / "undisturbed", minutes)
    for n, readings in enumerate(minutes):
        rolling.receive(readings, START + 900 + n * HOURS * HOUR_S / len(minutes))
        if n % 7 == 0 and not 190 < n <= 200:
            await rolling.count()
        if n == 190:
            rolling.rollups.save()
        if n == 200:
            await rolling.keep()
            rolling.close()
            for file in rolling.folder.glob("inbox.sqlite*"):
                file.unlink()
            rolling.open()
    await rolling.settle()
    assert_same(true, await rolling.rows())


async def test_another_version_of_the_inventory_keeps_what_was_counted(
    embedded: TelemetryStore, tmp_path: Path
) -> None:
    rolling = Rolling(tmp_path, embedded)
    rolling.wall.seconds = START
    await rolling.start()
    await play(rolling, street.minutes(0, 90))
    rolling.rollups.save()
    city = small_city(8).model_dump()
    city["luminaires"] = tuple(reversed(city["luminaires"]))[:-1]  # the first lamp is gone, two are new
    rolling.fleet = Fleet([City.model_validate(city)], 2)
    restart(rolling)
    for n, readings in enumerate(street.minutes(90, 60), start=90):
        rolling.receive(readings, START + 60 * (n + 1))
    await rolling.settle()
    rolling.close()
    rows = await rolling.rows()
    assert [hour["active_power_n"] for hour in hours_of(rows, "luminaire_1h", lamp_id(5))] == [60, 60, 30]
    assert len(hours_of(rows, "luminaire_1h", lamp_id(1))) == 1
    assert [hour["lamps_n"] for hour in hours_of(rows, "city_1h", "halong")] == [6, 7, 7]


# A store that is away


class AwayStore(DuckDbStore):
    """DuckDB behind a switch."""

    away = False

    async def write_summaries(self, summaries: Sequence[Summaries]) -> None:
        if self.away:
            raise StoreAway("switched off")
        await super().write_summaries(summaries)


async def test_a_store_that_is_away_is_waited_for_and_no_hour_is_lost(tmp_path: Path) -> None:
    store = await AwayStore.open(tmp_path / "telemetry.duckdb")
    assert isinstance(store, AwayStore)
    rolling = Rolling(tmp_path, store)
    rolling.wall.seconds = START
    store.away = True
    for n, readings in enumerate(street.minutes(0, 200)):
        rolling.receive(readings, START + 60 * (n + 1))
    await rolling.start()
    waiting = asyncio.create_task(rolling.count())
    await until(lambda: rolling.rollups.waits)
    assert not waiting.done()
    store.away = False
    await waiting
    await rolling.settle()
    rolling.close()
    hours = hours_of(await rolling.rows(), "luminaire_1h", lamp_id(5))
    assert [hour["active_power_n"] for hour in hours] == [60, 60, 60, 20]
    await store.close()


# Two engines


async def test_both_stores_hold_the_same_to_the_watt_hour(
    embedded: TelemetryStore, influx: TelemetryStore, tmp_path: Path
) -> None:
    batches = late_by_chance(deliveries(street.minutes(0, HOURS * 60, SEEDED)), Random(7))
    found = []
    for name, store in (("embedded", embedded), ("influx", influx)):
        found.append(await in_order(made(tmp_path / name), store, batches))
    assert_same(*found)
