"""What is sent of a reading: every change, a heartbeat of what stays, and the registers beside an hour's edge."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from protocols.readings import Quality, Reading
from rules.reporting import Reporting, Said, worth_sending

HOUR = 1_800_000_000  # a whole hour
SHIPPED = Reporting()


def reading(at: int, **values: float | None) -> Reading:
    return Reading("L", "luminaire", at, values)


def sent(readings: Iterable[Reading], reporting: Reporting = SHIPPED) -> list[tuple[int, dict[str, float | None]]]:
    """What goes out, in order."""
    said: Said | None = None
    out = []
    for one in readings:
        going, said = worth_sending(one, said, reporting.rule())
        if going is not None:
            out.append((going.at, dict(going.values)))
    return out


def test_the_first_reading_goes_out_whole() -> None:
    assert sent([reading(HOUR, actual_level=50, voltage=230)]) == [(HOUR, {"actual_level": 50, "voltage": 230})]


def test_what_stays_is_sent_again_before_it_is_older_than_a_heartbeat() -> None:
    moments = range(HOUR + 100, HOUR + 300, 25)
    times = [at for at, _ in sent(reading(at, actual_level=50) for at in moments)]
    assert times == [HOUR + 100, HOUR + 150, HOUR + 200, HOUR + 250]


def test_a_change_goes_out_at_once() -> None:
    levels = {100: 50.0, 110: 50.0, 120: 50.5, 130: 50.5, 140: None, 150: None, 160: 0.0}
    changes = [
        (at, values["actual_level"])
        for at, values in sent(reading(HOUR + a, actual_level=v) for a, v in levels.items())
    ]
    assert changes == [(HOUR + 100, 50), (HOUR + 120, 50.5), (HOUR + 140, None), (HOUR + 160, 0)]


def test_a_value_that_is_trusted_less_is_a_change() -> None:
    doubtful = Reading("L", "luminaire", HOUR + 110, {"actual_level": 50.0}, {"actual_level": Quality.SUSPECT})
    assert len(sent([reading(HOUR + 100, actual_level=50), doubtful])) == 2


def test_a_gauge_comes_with_every_reading_unless_it_has_a_dead_band() -> None:
    rows = [reading(HOUR + 100 + n, voltage=230 + n / 10) for n in range(8)]
    assert len(sent(rows)) == 8
    banded = sent(rows, Reporting(deadbands={"voltage": 0.25}))
    assert [values["voltage"] for _, values in banded] == [230, 230.3, 230.6]


def test_registers_go_out_beside_every_hour() -> None:
    times = [at for at, _ in sent(reading(at, active_energy=7.0) for at in range(HOUR - 45, HOUR + 40, 10))]
    assert times == [HOUR - 45, HOUR - 5, HOUR + 5]


def test_without_a_heartbeat_everything_is_sent() -> None:
    rows = [reading(HOUR + n, actual_level=50, status_bits=1) for n in range(5)]
    assert sent(rows, Reporting(every=timedelta(0))) == [(row.at, dict(row.values)) for row in rows]


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        ({"every": "20m"}, "1200s is too long a silence; give at most 10m"),
        ({"deadbands": {"active_energy": 1}}, "active_energy: 1 is no dead band"),
        ({"deadbands": {"voltage": -1}}, "voltage: -1 is no dead band"),
        ({"deadbands": {"volts": 1}}, "unknown quantity 'volts'"),
    ],
)
def test_a_wrong_rule_is_told(wrong: Mapping[str, object], advice: str) -> None:
    with pytest.raises(ValidationError, match=advice):
        Reporting.model_validate(wrong)


STEPS = st.lists(
    st.tuples(st.integers(1, 30), st.sampled_from([0.0, 0.5, 50.0, None]), st.floats(0, 1)), min_size=1, max_size=60
)


@given(STEPS, st.integers(0, 3600))
def test_who_holds_the_last_value_knows_every_value(steps: list[tuple[int, float | None, float]], start: int) -> None:
    """A receiver that repeats what it last heard is right at every moment, and what it repeats is no older than a
    heartbeat and a step."""
    said: Said | None = None
    at = HOUR + start
    held: float | None = None
    heard_at = at
    for step, level, energy in steps:
        at += step
        one = reading(at, actual_level=level, active_energy=energy)
        going, said = worth_sending(one, said, SHIPPED.rule())
        if going is not None and "actual_level" in going.values:
            held, heard_at = going.values["actual_level"], at
        assert held == level
        assert at - heard_at <= 60 or at - heard_at <= step
