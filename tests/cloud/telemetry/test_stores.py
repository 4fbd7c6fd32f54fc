"""What every telemetry store promises."""

import math
import random
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud.telemetry.duckdb_store import DuckDbStore
from cloud.telemetry.store import Mark, Stats, StoreRefused, Summaries, TelemetryStore
from protocols.readings import Table
from tests.cloud.telemetry.tables import Row, table, voltage

LAMP, NEXT = "HL-000001", "HL-000002"
ALWAYS = (0, 10**12)


async def seconds(store: TelemetryStore, device: str = LAMP, quantity: str = "voltage") -> list[int]:
    return list((await store.raw("luminaire", device, [quantity], *ALWAYS)).at)


async def volts(store: TelemetryStore, device: str = LAMP) -> list[float | None]:
    return list((await store.raw("luminaire", device, ["voltage"], *ALWAYS)).values["voltage"])


async def samples(store: TelemetryStore, device: str = LAMP) -> list[tuple[float | None, int | None]]:
    """Voltages with their flags."""
    columns = await store.raw("luminaire", device, ["voltage"], *ALWAYS)
    return list(zip(columns.values["voltage"], columns.flags["voltage"], strict=True))


def kept(store: TelemetryStore, mark: Mark) -> Mark | None:
    """What a store that was given a mark gives back."""
    return mark if store.capabilities().keeps_mark else None


async def test_what_was_written_is_read(store: TelemetryStore) -> None:
    rows: list[Row] = [
        (LAMP, 10, {"voltage": 230.1, "current": 0.5}),
        (NEXT, 10, {"voltage": 229.0, "current": None}),
        (LAMP, 20, {"voltage": None, "current": 0}),
    ]
    await store.write([table("luminaire", rows)], None)
    columns = await store.raw("luminaire", LAMP, ["voltage", "current"], *ALWAYS)
    assert columns.at == [10, 20]
    assert columns.values == {"voltage": [230.1, None], "current": [0.5, 0.0]}
    assert columns.flags == {"voltage": [1, 9], "current": [1, 1]}


async def test_a_flag_stays_beside_its_value(store: TelemetryStore) -> None:
    await store.write([table("luminaire", [(LAMP, 10, {"voltage": 400.0, "current": 0.5})], {"voltage": 3})], None)
    columns = await store.raw("luminaire", LAMP, ["voltage", "current"], *ALWAYS)
    assert columns.flags == {"voltage": [3], "current": [1]}


async def test_a_span_has_its_start_and_not_its_end(store: TelemetryStore) -> None:
    await store.write([voltage(LAMP, [9, 10, 19, 20], [1, 2, 3, 4])], None)
    assert (await store.raw("luminaire", LAMP, ["voltage"], 10, 20)).at == [10, 19]


async def test_what_was_not_read_has_no_flag_and_alone_no_row(store: TelemetryStore) -> None:
    await store.write([voltage(LAMP, [10], [230]), table("luminaire", [(LAMP, 20, {"current": 0.5})])], None)
    both = await store.raw("luminaire", LAMP, ["voltage", "current"], *ALWAYS)
    assert both.at == [10, 20]
    assert both.values == {"voltage": [230.0, None], "current": [None, 0.5]}
    assert both.flags == {"voltage": [1, None], "current": [None, 1]}
    assert await seconds(store) == [10]


@pytest.mark.parametrize(
    ("kind", "device", "quantity"),
    [("luminaire", LAMP, "rain"), ("luminaire", "HL-999999", "voltage"), ("meter", LAMP, "voltage")],
)
async def test_what_was_never_stored_is_empty(store: TelemetryStore, kind: str, device: str, quantity: str) -> None:
    await store.write([voltage(LAMP, [10], [230])], None)
    columns = await store.raw(kind, device, [quantity], *ALWAYS)
    assert (columns.at, columns.values, columns.flags) == ([], {quantity: []}, {quantity: []})
    assert len(await store.rollup(kind, [device], [quantity], 0, 100, 10)) == 0


async def test_a_quantity_that_was_never_stored_is_empty_beside_one_that_was(store: TelemetryStore) -> None:
    await store.write([voltage(LAMP, [10], [230])], None)
    columns = await store.raw("luminaire", LAMP, ["voltage", "rain"], *ALWAYS)
    assert (columns.values["rain"], columns.flags["rain"]) == ([None], [None])
    assert (await store.rollup("luminaire", [], ["voltage", "rain"], 0, 60, 60)).stats["rain"].n == [0]


async def test_late_rows_take_their_place_in_time(store: TelemetryStore) -> None:
    await store.write([voltage(LAMP, [100, 200], [1, 2])], None)
    await store.write([voltage(LAMP, [150, 50], [3, 4])], None)
    assert (await seconds(store), await volts(store)) == ([50, 100, 150, 200], [4, 1, 3, 2])


async def test_a_point_written_again_is_replaced(store: TelemetryStore) -> None:
    await store.write([voltage(LAMP, [10, 20], [1, 2]), voltage(NEXT, [10], [3])], None)
    await store.write([voltage(LAMP, [10, 30], [7, 8])], None)
    assert (await seconds(store), await volts(store)) == ([10, 20, 30], [7, 2, 8])
    assert await volts(store, NEXT) == [3]


async def test_a_point_written_twice_in_one_write_is_there_once_and_the_later_wins(store: TelemetryStore) -> None:
    await store.write([voltage(LAMP, [10, 10], [1, 2]), voltage(LAMP, [10], [3])], None)
    assert (await seconds(store), await volts(store)) == ([10], [3])


@pytest.mark.parametrize("together", [True, False])
async def test_parts_of_a_point_come_together_quantity_by_quantity(store: TelemetryStore, together: bool) -> None:
    first = table("luminaire", [(LAMP, 10, {"voltage": 230.0, "current": 0.5})])
    second = table("luminaire", [(LAMP, 10, {"current": None, "active_power": 40.0})])
    for tables in [[first, second]] if together else [[first], [second]]:
        await store.write(tables, None)
    columns = await store.raw("luminaire", LAMP, ["voltage", "current", "active_power"], *ALWAYS)
    assert columns.at == [10]
    assert columns.values == {"voltage": [230.0], "current": [None], "active_power": [40.0]}
    assert columns.flags == {"voltage": [1], "current": [9], "active_power": [1]}


@pytest.mark.parametrize(
    ("before", "after"),
    [((400.0, 3), (230.0, 1)), ((230.0, 1), (400.0, 4)), ((230.0, 1), (None, 9)), ((None, 9), (230.0, 1))],
)
async def test_the_later_write_of_a_point_counts_with_its_flag(
    store: TelemetryStore, before: tuple[float | None, int], after: tuple[float | None, int]
) -> None:
    for value, flag in (before, after):
        await store.write([table("luminaire", [(LAMP, 10, {"voltage": value})], {"voltage": flag})], None)
    assert await samples(store) == [after]
    counted = [after[0]] if after[1] < 4 else []
    rollup = await store.rollup("luminaire", [LAMP], ["voltage"], 0, 60, 60)
    assert list(rollup.stats["voltage"].last) == counted


async def test_value_and_flag_are_kept_also_when_they_contradict_each_other(store: TelemetryStore) -> None:
    told = [(230.0, 9), (None, 1), (None, 4), (None, 2), (231.0, 2)]
    values, flags = [value for value, _ in told], [flag for _, flag in told]
    await store.write([Table("luminaire", ("voltage",), [LAMP] * 5, [*range(5)], [values], [flags])], None)
    assert await samples(store) == told
    assert (await store.rollup("luminaire", [LAMP], ["voltage"], 0, 60, 60)).stats["voltage"].n == [1]


async def test_a_number_comes_back_to_the_last_bit(store: TelemetryStore) -> None:
    chance = random.Random(3)
    drawn = (struct.unpack("<d", chance.randbytes(8))[0] for _ in range(1_000))
    numbers = [0.1, 5e-324, 2.2250738585072014e-308, 1 / 3, 1e16, float(2**53), *filter(math.isfinite, drawn)]
    await store.write([voltage(LAMP, [*range(len(numbers))], numbers)], None)
    assert list(map(repr, await volts(store))) == list(map(repr, numbers))


HOSTILE = [
    "a,b",
    "a=b",
    "a b",
    "a\\",
    "\\",
    "a\\ b",
    "'",
    '"',
    "a\nb",
    "a\tb\r",
    "%",
    "%20",
    "\x00",
    "đèn số 1",
    "💡",
    "#",
]


async def test_no_name_of_a_device_is_a_way_out_of_its_point(store: TelemetryStore) -> None:
    await store.write([voltage(name, [10, 20], [1, n]) for n, name in enumerate(HOSTILE)], None)
    assert [await volts(store, name) for name in HOSTILE] == [[1, n] for n in range(len(HOSTILE))]
    rollup = await store.rollup("luminaire", HOSTILE, ["voltage"], 0, 60, 60)
    assert rollup.devices == sorted(HOSTILE)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1, unique=True))
async def test_any_name_of_a_device_comes_back(store: TelemetryStore, names: list[str]) -> None:
    await store.write([voltage(name, [10], [float(n)]) for n, name in enumerate(names)], None)
    rollup = await store.rollup("luminaire", [], ["voltage"], 0, 60, 60)
    assert set(names) <= set(rollup.devices)
    assert [await volts(store, name) for name in names[:3]] == [[float(n)] for n in range(len(names[:3]))]


async def test_many_devices_are_read_at_once_as_each_of_them_is(store: TelemetryStore) -> None:
    await store.write([voltage(LAMP, [10, 30], [1, 2]), voltage(NEXT, [20], [3])], None)
    await store.write([table("luminaire", [("HL-000003", 10, {"current": None})])], None)
    names = ["HL-000003", NEXT, "nobody", LAMP]
    for quantities in (["voltage", "current"], ["current"], ["power_factor"], []):
        found = await store.raw_many("luminaire", names, quantities, 0, 30)
        assert list(found) == names
        for name in names:
            assert found[name] == await store.raw("luminaire", name, quantities, 0, 30)
    several = await store.raw_many("luminaire", names, ["voltage"], 0, 30)
    assert [list(several[name].values["voltage"]) for name in names] == [[], [3], [], [1]]
    assert await store.raw_many("luminaire", [], ["voltage"], 0, 30) == {}


async def test_a_kind_is_the_same_in_small_letters(store: TelemetryStore) -> None:
    await store.write(
        [table("Meter", [(LAMP, 10, {"voltage": 1.0})]), table("meter", [(LAMP, 20, {"voltage": 2.0})])], None
    )
    assert (await store.raw("METER", LAMP, ["voltage"], *ALWAYS)).at == [10, 20]


async def test_a_commit_of_many_samples_is_there_as_a_whole(store: TelemetryStore) -> None:
    rows = [(f"HL-{lamp:06d}", second) for second in range(60) for lamp in range(200)]
    quantities = ("voltage", "current", "active_power", "active_energy", "gear_temperature", "actual_level")
    values = [[float(n + c * len(rows)) for n in range(len(rows))] for c in range(6)]
    devices, at = [device for device, _ in rows], [second for _, second in rows]
    await store.write([Table("luminaire", quantities, devices, at, values, [[1] * len(rows)] * 6)], None)
    rollup = await store.rollup("luminaire", [], quantities, 0, 60, 60)
    assert rollup.devices == devices[:200]
    assert [list(rollup.stats[q].n) for q in quantities] == [[60] * 200] * 6
    assert [list(rollup.stats[q].last) for q in quantities] == [column[-200:] for column in values]


async def test_a_rollup_of_more_devices_than_a_question_holds_has_them_all(store: TelemetryStore) -> None:
    lamps = [f"HL-{n:06d}" for n in range(250)]
    await store.write([voltage(lamp, [10], [n]) for n, lamp in enumerate(lamps)], None)
    rollup = await store.rollup("luminaire", lamps[1:], ["voltage"], 0, 60, 60)
    assert (rollup.devices, rollup.stats["voltage"].max) == (lamps[1:], [*range(1, 250)])


async def test_a_step_may_be_longer_than_all_time(store: TelemetryStore) -> None:
    await store.write([voltage(LAMP, [10, 1_795_262_400], [1, 3])], None)
    rollup = await store.rollup("luminaire", [], ["voltage"], *ALWAYS, 10**12)
    assert (rollup.at, rollup.stats["voltage"].mean) == ([0], [2])


async def test_a_span_that_ends_before_it_starts_is_empty(store: TelemetryStore) -> None:
    await store.write([voltage(LAMP, [10], [1])], None)
    assert (await store.raw("luminaire", LAMP, ["voltage"], 20, 10)).at == []
    assert len(await store.rollup("luminaire", [], ["voltage"], 20, 20, 60)) == 0


async def test_a_clock_that_went_wrong_disturbs_nobody(store: TelemetryStore) -> None:
    await store.write([voltage(LAMP, [1_800_000_000], [1])], None)
    wrong = [n * 7_200 for n in range(40)]  # more stretches of time than are looked at one by one
    last = store.capabilities().last_second
    await store.write([voltage(LAMP, [*wrong, 1_800_000_000, last], [0.0] * 41 + [2.0])], None)
    assert await seconds(store) == [*wrong, 1_800_000_000, last]


async def test_kinds_do_not_mix(store: TelemetryStore) -> None:
    await store.write([voltage(LAMP, [10], [230]), table("meter", [(LAMP, 10, {"voltage": 400.0})])], None)
    assert await volts(store) == [230]
    assert (await store.raw("meter", LAMP, ["voltage"], *ALWAYS)).values["voltage"] == [400]


async def test_nothing_to_write_is_written_without_a_word(store: TelemetryStore) -> None:
    await store.write([], None)
    await store.write([table("luminaire", [(LAMP, 1, {})])], None)
    assert (await store.raw("luminaire", LAMP, ["voltage"], *ALWAYS)).at == []


async def test_numbers_that_no_device_measures_are_kept_and_break_no_statistics(store: TelemetryStore) -> None:
    await store.write([voltage(LAMP, [10, 20], [1.7e308, 1.7e308]), voltage(NEXT, [10], [float(2**64)])], None)
    assert await volts(store) == [1.7e308, 1.7e308]
    mean = (await store.rollup("luminaire", [LAMP], ["voltage"], 0, 60, 60)).stats["voltage"].mean
    assert all(value is None or math.isfinite(value) for value in mean)


async def test_a_rollup_counts_steps_from_the_epoch(store: TelemetryStore) -> None:
    await store.write([voltage(LAMP, [3_599, 3_600, 3_700, 7_200], [1, 2, 4, 8])], None)
    rollup = await store.rollup("luminaire", [LAMP], ["voltage"], 3_000, 7_200, 3_600)
    assert (rollup.devices, rollup.at) == ([LAMP, LAMP], [0, 3_600])
    assert rollup.stats["voltage"] == Stats([1, 2], [1, 2], [1, 3], [1, 4], [1, 4])


async def test_a_value_that_is_missing_suspect_or_failed_its_test_is_not_counted(store: TelemetryStore) -> None:
    await store.write([voltage(LAMP, [10, 20], [230, None])], None)
    await store.write([table("luminaire", [(LAMP, 30, {"voltage": 9_999.0})], {"voltage": 4})], None)
    await store.write([table("luminaire", [(LAMP, 40, {"voltage": 9_998.0})], {"voltage": 3})], None)
    await store.write([table("luminaire", [(LAMP, 50, {"voltage": 240.0})], {"voltage": 2})], None)
    rollup = await store.rollup("luminaire", [LAMP], ["voltage"], 0, 60, 60)
    assert rollup.stats["voltage"] == Stats([2], [230], [235], [240], [240])


async def test_a_rollup_of_two_quantities_says_when_one_had_no_value(store: TelemetryStore) -> None:
    await store.write([voltage(LAMP, [10], [230]), table("luminaire", [(LAMP, 70, {"current": 0.5})])], None)
    rollup = await store.rollup("luminaire", [LAMP], ["voltage", "current"], 0, 120, 60)
    assert rollup.at == [0, 60]
    assert rollup.stats["voltage"] == Stats([1, 0], [230, None], [230, None], [230, None], [230, None])
    assert rollup.stats["current"].n == [0, 1]


async def test_a_rollup_without_devices_is_of_all_of_them(store: TelemetryStore) -> None:
    await store.write([voltage(NEXT, [10], [1]), voltage(LAMP, [10], [2])], None)
    assert (await store.rollup("luminaire", [], ["voltage"], 0, 60, 60)).devices == [LAMP, NEXT]
    assert (await store.rollup("luminaire", [NEXT], ["voltage"], 0, 60, 60)).devices == [NEXT]


async def test_a_rollup_agrees_with_arithmetic(store: TelemetryStore) -> None:
    chance = random.Random(7)
    points = {at: chance.choice([None, round(chance.uniform(200, 240), 1)]) for at in chance.sample(range(5_000), 300)}
    shuffled = chance.sample(sorted(points), len(points))
    for part in (shuffled[:100], shuffled[100:]):
        await store.write([voltage(LAMP, part, [points[at] for at in part])], None)
    rollup = await store.rollup("luminaire", [LAMP], ["voltage"], 500, 4_500, 900)
    assert rollup.at == [0, 900, 1_800, 2_700, 3_600, 4_500][: len(rollup)]
    stats = rollup.stats["voltage"]
    for row, start in enumerate(rollup.at):
        times = [at for at in sorted(points) if start <= at < start + 900 and 500 <= at < 4_500]
        expected = [value for at in times if (value := points[at]) is not None]
        assert (stats.n[row], stats.min[row], stats.max[row]) == (len(expected), min(expected), max(expected))
        assert stats.mean[row] == pytest.approx(sum(expected) / len(expected))
        assert stats.last[row] == expected[-1]


async def test_the_past_can_be_forgotten(store: TelemetryStore) -> None:
    if not store.capabilities().drops:
        pytest.skip("this engine forgets by itself")
    await store.write([voltage(LAMP, [10, 20, 30], [1, 2, 3]), voltage(NEXT, [10], [4])], None)
    await store.drop_before("luminaire", 20)
    await store.drop_before("air_station", 20)
    assert (await seconds(store), await seconds(store, NEXT)) == ([20, 30], [])
    await store.write([voltage(LAMP, [10, 20], [5, 6])], None)
    assert await volts(store) == [5, 6, 3]


def ward(at: list[int], energy: list[float | None], key: str = "HL-W01") -> Summaries:
    """Hours of one ward."""
    return Summaries("ward_1h", [key] * len(at), at, {"energy_wh": energy, "lamps_n": [7.0] * len(at)})


async def hours(store: TelemetryStore, *keys: str, start: int = 0, end: int = 10**12) -> Summaries:
    return await store.summaries("ward_1h", keys, ["energy_wh"], start, end)


async def test_a_summary_that_was_written_is_read_sorted_by_key_and_step(store: TelemetryStore) -> None:
    await store.write_summaries([ward([7_200, 3_600], [2.0, 1.0], "HL-W02"), ward([3_600], [None])])
    found = await store.summaries("ward_1h", [], ["lamps_n", "energy_wh"], *ALWAYS)
    assert (found.name, list(found.keys)) == ("ward_1h", ["HL-W01", "HL-W02", "HL-W02"])
    assert (list(found.at), list(found.fields["energy_wh"])) == ([3_600, 3_600, 7_200], [None, 1.0, 2.0])
    assert list(found.fields["lamps_n"]) == [7.0, 7.0, 7.0]


async def test_a_summary_has_the_keys_and_the_span_that_were_asked_for(store: TelemetryStore) -> None:
    await store.write_summaries([ward([0, 3_600, 7_200], [1.0, 2.0, 3.0], key) for key in ("HL-W01", "HL-W02")])
    assert list((await hours(store, "HL-W02", start=3_600, end=7_200)).fields["energy_wh"]) == [2.0]
    assert list((await hours(store, "HL-W02", "HL-W01", end=3_600)).keys) == ["HL-W01", "HL-W02"]
    assert len(await hours(store, "HL-W99")) == 0


async def test_a_row_of_a_summary_is_replaced_as_a_whole(store: TelemetryStore) -> None:
    await store.write_summaries([ward([0, 3_600], [1.0, 2.0])])
    again = Summaries("ward_1h", ["HL-W01", "HL-W01"], [3_600, 3_600], {"energy_wh": [8.0, 9.0]})
    await store.write_summaries([again])
    found = await store.summaries("ward_1h", ["HL-W01"], ["energy_wh", "lamps_n"], *ALWAYS)
    assert (list(found.fields["energy_wh"]), list(found.fields["lamps_n"])) == ([1.0, 9.0], [7.0, None])


async def test_an_unknown_number_of_a_summary_takes_the_place_of_a_known_one(store: TelemetryStore) -> None:
    versions: list[list[float | None]] = [[1.0, 2.0], [None, 3.0], [None, None], [4.0, None]]
    for energy in versions:
        await store.write_summaries([ward([0, 3_600], energy)])
        assert list((await hours(store)).fields["energy_wh"]) == energy


async def test_summaries_of_more_keys_than_a_question_holds_are_all_there(store: TelemetryStore) -> None:
    lamps = [f"HL-{n:06d}" for n in range(250)]
    await store.write_summaries(
        [Summaries("luminaire_1h", lamps, [0] * 250, {"voltage_mean": [*map(float, range(250))]})]
    )
    found = await store.summaries("luminaire_1h", lamps[1:], ["voltage_mean"], *ALWAYS)
    assert (list(found.keys), list(found.fields["voltage_mean"])) == (lamps[1:], [*range(1, 250)])


async def test_a_summary_or_a_field_that_was_never_written_is_empty(store: TelemetryStore) -> None:
    await store.write_summaries([ward([0], [1.0]), ward([], [])])
    nothing = await store.summaries("city_1h", [], ["energy_wh"], *ALWAYS)
    assert (len(nothing), list(nothing.fields["energy_wh"])) == (0, [])
    unknown = await store.summaries("ward_1h", [], ["energy_wh", "rain_max"], *ALWAYS)
    assert list(unknown.fields["rain_max"]) == [None]


async def test_whole_numbers_of_a_summary_are_exact(store: TelemetryStore) -> None:
    large = float(2**53 - 1)
    await store.write_summaries([ward([0, 3_600], [large, -large])])
    assert list((await hours(store)).fields["energy_wh"]) == [large, -large]


async def lamp_hours(store: TelemetryStore) -> Summaries:
    return await store.summaries("luminaire_1h", [], ["voltage_mean"], *ALWAYS)


async def test_summaries_and_samples_do_not_mix(store: TelemetryStore) -> None:
    await store.write([voltage(LAMP, [0, 3_600], [1, 2])], None)
    await store.write_summaries([Summaries("luminaire_1h", [NEXT], [7_200], {"voltage_mean": [3.0]})])
    assert (await seconds(store), await seconds(store, NEXT)) == ([0, 3_600], [])
    found = await lamp_hours(store)
    assert (list(found.keys), list(found.at), list(found.fields["voltage_mean"])) == ([NEXT], [7_200], [3.0])


async def test_summaries_and_samples_are_forgotten_apart(store: TelemetryStore) -> None:
    if not store.capabilities().drops:
        pytest.skip("this engine forgets by itself")
    await store.write([voltage(LAMP, [0, 3_600], [1, 2])], None)
    await store.write_summaries([Summaries("luminaire_1h", [LAMP, LAMP], [0, 3_600], {"voltage_mean": [1.0, 2.0]})])
    await store.drop_before("luminaire", 3_600)
    assert await seconds(store) == [3_600]
    assert len(await lamp_hours(store)) == 2
    await store.drop_before("luminaire_1h", 3_600)
    assert list((await lamp_hours(store)).at) == [3_600]
    assert await seconds(store) == [3_600]


@pytest.mark.parametrize("name", ["ward_1h", "Ward_1H", "city_5m", "luminaire_15m"])
async def test_no_edge_s_kind_is_kept_and_forgotten_with_a_summary(store: TelemetryStore, name: str) -> None:
    await store.write_summaries([ward([0], [1.0])])
    with pytest.raises(StoreRefused):
        await store.write([table(name, [(LAMP, 10, {"voltage": 230.0})])], None)


@pytest.mark.parametrize("name", ['x"; DROP TABLE own.mark; --', "", "a b", "x" * 65])
async def test_no_name_of_a_summary_is_a_way_into_the_database(store: TelemetryStore, name: str) -> None:
    await store.write_summaries([ward([0], [1.0])])
    for one in (Summaries(name, ["a"], [0], {"energy_wh": [1.0]}), Summaries("ward_1h", ["a"], [0], {name: [1.0]})):
        with pytest.raises(StoreRefused):
            await store.write_summaries([ward([3_600], [2.0]), one])
    with pytest.raises(StoreRefused):
        await store.summaries("ward_1h", [], [name], *ALWAYS)
    assert list((await hours(store)).fields["energy_wh"]) == [1.0]


@pytest.mark.parametrize("name", ["key", "at", "time", "number", "unknown", "Energy_wh"])
async def test_a_field_has_no_name_that_means_something_else_to_an_engine(store: TelemetryStore, name: str) -> None:
    with pytest.raises(StoreRefused):
        await store.write_summaries([Summaries("ward_1h", ["HL-W01"], [0], {name: [1.0]})])


@pytest.mark.parametrize("name", ['x"; DROP TABLE own.mark; --', "", "a b", "x" * 65])
async def test_a_name_is_no_way_into_the_database(store: TelemetryStore, name: str) -> None:
    await store.write([voltage(LAMP, [10], [230])], Mark("inbox", 1))
    with pytest.raises(StoreRefused):
        await store.write([table(name, [(LAMP, 20, {"voltage": 1.0})])], Mark("inbox", 2))
    for call in (store.raw("luminaire", LAMP, [name], *ALWAYS), store.rollup("luminaire", [], [name], 0, 60, 60)):
        with pytest.raises(StoreRefused):
            await call
    await store.write([voltage(name, [10], [1])], None)
    assert await volts(store, name) == [1]
    assert (await volts(store), await store.mark()) == ([230], kept(store, Mark("inbox", 1)))


async def test_a_write_that_is_refused_leaves_nothing_behind(store: TelemetryStore) -> None:
    with pytest.raises(StoreRefused):
        await store.write([voltage(LAMP, [10], [230]), table("no kind", [(LAMP, 10, {"voltage": 1.0})])], Mark("a", 1))
    assert (await seconds(store), await store.mark()) == ([], None)
    await store.write([voltage(LAMP, [10], [230])], Mark("a", 1))
    assert (await volts(store), await store.mark()) == ([230], kept(store, Mark("a", 1)))


async def test_the_mark_is_the_last_that_was_written(store: TelemetryStore) -> None:
    if not store.capabilities().keeps_mark:
        pytest.skip("this engine writes again over itself instead")
    assert await store.mark() is None
    await store.write([voltage(LAMP, [10], [1])], Mark("inbox", 17))
    await store.write([voltage(LAMP, [20], [1])], None)
    assert await store.mark() == Mark("inbox", 17)
    await store.write([], Mark("another", 3))
    assert await store.mark() == Mark("another", 3)


async def test_a_store_says_that_it_is_well(store: TelemetryStore) -> None:
    await store.write([voltage(LAMP, [10], [1])], None)
    health = await store.health()
    assert (health.ok, health.reason) == (True, None)
    assert health.bytes is None or health.bytes > 0


async def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    before = await DuckDbStore.open(tmp_path / "telemetry.duckdb")
    await before.write([voltage(LAMP, [10], [1])], Mark("inbox", 5))
    await before.close()
    after = await DuckDbStore.open(tmp_path / "telemetry.duckdb")
    await after.write([voltage(LAMP, [10], [2]), voltage(NEXT, [20], [3])], None)
    assert await after.mark() == Mark("inbox", 5)
    assert [await volts(after, device) for device in (LAMP, NEXT)] == [[2], [3]]
    await after.close()
