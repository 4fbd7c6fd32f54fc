"""Readings: no value is None, and columns say the same as rows."""

from hypothesis import given
from hypothesis import strategies as st

from protocols.readings import Quality, Reading, tables

QUANTITIES = ["active_power", "voltage", "current"]


NAMES = st.lists(st.sampled_from(QUANTITIES), unique=True)
VALUES = st.none() | st.floats(-1000, 1000)
FLAGS = st.sampled_from(Quality)
DEVICES, KINDS = st.sampled_from(["A", "B"]), st.sampled_from(["meter", "luminaire"])


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    names = draw(NAMES)
    values = {name: draw(VALUES) for name in names}
    plain = Reading(draw(DEVICES), draw(KINDS), 0, values)
    flags = {name: draw(FLAGS) for name in names if draw(st.booleans())}
    said = {name: flag for name, flag in flags.items() if flag is not plain.flag(name)}
    return Reading(plain.device, plain.kind, draw(st.integers(0, 2_000_000_000)), values, said)


def test_a_value_is_good_and_no_value_is_missing_unless_something_was_said() -> None:
    reading = Reading(
        "M", "meter", 0, {"voltage": 230.1, "current": None, "frequency": 99.0}, {"frequency": Quality.FAIL}
    )
    assert [reading.flag(q) for q in ("voltage", "current", "frequency")] == [
        Quality.GOOD,
        Quality.MISSING,
        Quality.FAIL,
    ]


def test_readings_with_the_same_quantities_share_a_table() -> None:
    a, b = (
        Reading("A", "meter", 1, {"voltage": 1, "current": 2}),
        Reading("B", "meter", 2, {"current": 3, "voltage": 4}),
    )
    [table] = tables([a, b])
    assert table.quantities == ("current", "voltage")
    assert (table.devices, table.at, table.values) == (["A", "B"], [1, 2], [[2, 3], [1, 4]])


def test_kinds_and_sets_of_quantities_are_kept_apart() -> None:
    rows = [Reading("A", "meter", 1, {"voltage": 1}), Reading("A", "luminaire", 1, {"voltage": 1})]
    rows += [Reading("A", "meter", 2, {"current": 1}), Reading("A", "meter", 3, {"voltage": 2})]
    assert [(t.kind, t.quantities, len(t)) for t in tables(rows)] == [
        ("meter", ("voltage",), 2),
        ("luminaire", ("voltage",), 1),
        ("meter", ("current",), 1),
    ]


@given(st.lists(readings(), max_size=8))
def test_rows_put_into_columns_come_out_as_the_same_rows(rows: list[Reading]) -> None:
    back = [row for table in tables(rows) for row in table.readings()]
    assert sorted(map(repr, back)) == sorted(repr(_sorted(row)) for row in rows)


@given(st.lists(readings(), max_size=8))
def test_the_order_of_a_device_is_kept(rows: list[Reading]) -> None:
    for table in tables(rows):
        same = [r for r in rows if (r.kind, tuple(sorted(r.values))) == (table.kind, table.quantities)]
        assert [(r.device, r.at) for r in same] == list(zip(table.devices, table.at, strict=True))


def _sorted(row: Reading) -> Reading:
    values = {name: row.values[name] for name in sorted(row.values)}
    return Reading(
        row.device, row.kind, row.at, values, {name: row.flags[name] for name in values if name in row.flags}
    )


def test_a_table_keeps_the_rows_of_the_devices_that_are_wanted() -> None:
    [table] = tables([Reading(device, "meter", n, {"voltage": n}) for n, device in enumerate("ABAC")])
    kept = table.where(lambda device: device == "A")
    assert (kept.devices, kept.at, kept.values, kept.flags) == (["A", "A"], [0, 2], [[0, 2]], [[1, 1]])
    assert not len(table.where(lambda _: False))
