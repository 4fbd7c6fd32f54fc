"""Who decides the light: always somebody, always the same one, for one lamp as for a city."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.commands import Emergency, Held, LockOut, Override
from protocols.inventory import Name, Place
from protocols.light import Adaptation, LampSet, LightDocument, Programme, Step, Stretch, SunEvent
from rules import fleet_resolve
from rules.adaptive import InForce
from rules.fleet_resolve import REASONS, HeldColumns, Lamps, Rung
from rules.lighting import Lighting, lightings
from rules.programme import Decision, Reason, astronomical_level
from rules.resolve import Light, planned, resolve
from rules.sun import is_dark

HA_LONG = Place(longitude=107.080, latitude=20.951)
VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
NAME = Name(vi="Đêm", en="Night")
FIRST = date(2026, 2, 10)
NIGHTS = 20

ROAD = Programme(
    id="road",
    name=NAME,
    steps=(
        Step(sun=SunEvent.SUNSET, level=100, ramp_s=60),
        Step(at=time(22), level=50, ramp_s=600),
        Step(at=time(5), level=80),
        Step(sun=SunEvent.SUNRISE, level=0),
    ),
)
TUNNEL = Programme(id="tunnel", name=NAME, steps=(Step(at=time(12), level=30),))
SHUT = Programme(id="shut", name=NAME, steps=(Step(at=time(18), level=0),))
RAISE = Adaptation(id="rain", name=NAME, source="W1", quantity="rain_rate", limit=2, clear=1, level=90)
LOWER = RAISE.model_copy(update={"id": "quiet", "effect": "lower", "level": 20})


def stretch(programme: Programme, nights: int, *, is_exception: bool = False) -> Stretch:
    return Stretch(programme=programme.id, nights=nights, is_exception=is_exception)


@cache
def known() -> dict[str, Lighting]:
    stretches = {
        "road": (stretch(ROAD, 5), stretch(SHUT, 2, is_exception=True), stretch(ROAD, NIGHTS - 7)),
        "tunnel": (stretch(TUNNEL, NIGHTS),),
    }
    sets = tuple(LampSet(id=name, stretches=some, floor=40, lamps={}) for name, some in stretches.items())
    return lightings(
        LightDocument(
            release="7",
            made_at=datetime(2026, 2, 1, tzinfo=UTC),
            timezone="Asia/Ho_Chi_Minh",
            place=HA_LONG,
            first_night=FIRST,
            programmes=(ROAD, TUNNEL, SHUT),
            sets=sets,
        )
    )


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


begin = datetime(2026, 2, 8, tzinfo=UTC)
moments = st.integers(0, 24 * 86_400).map(lambda second: begin + timedelta(seconds=second))
levels = st.sampled_from([0.0, 30.0, 55.5, 100.0])
ends = moments | st.just(begin)
held = st.builds(
    Held,
    lock_out=st.none() | st.just(LockOut()),
    emergency=st.none() | st.builds(Emergency, level=levels, until=ends),
    override=st.none() | st.builds(Override, level=levels, until=ends),
    test=st.none() | st.builds(Override, level=levels, until=ends),
)
adapted = st.lists(st.builds(InForce, st.sampled_from([RAISE, LOWER]), st.floats(0, 1)), max_size=2).map(tuple)
outputs = st.sampled_from([100.0, 80.0, 62.5])
controls = st.sampled_from(["dimmable", "relay"])
sets = st.sampled_from(["road", "tunnel"]).map(lambda name: known()[name])
lights = st.builds(Light, sets, outputs, adapted, controls)


@pytest.mark.parametrize(
    ("at", "level", "reason"),
    [
        ("2026-02-10T11:59", 0, Reason.ASTRONOMICAL),  # the night before the first
        ("2026-02-10T12:00", 0, Reason.WEEKLY),
        ("2026-02-10T21:00", 100, Reason.WEEKLY),
        ("2026-02-10T22:05", 75, Reason.WEEKLY),
        ("2026-02-11T04:00", 50, Reason.WEEKLY),
        ("2026-02-15T21:00", 0, Reason.CALENDAR),
        ("2026-02-17T11:59", 0, Reason.CALENDAR),
        ("2026-02-17T21:00", 100, Reason.WEEKLY),
        ("2026-03-02T11:59", 0, Reason.WEEKLY),
        ("2026-03-02T21:00", 100, Reason.ASTRONOMICAL),  # the night after the last
    ],
)
def test_a_night_has_the_programme_of_its_stretch(at: str, level: float, reason: Reason) -> None:
    found = resolve(Light(known()["road"]), Held(), local(at))
    assert (found.level, found.reason) == (level, reason)
    sources = {Reason.WEEKLY: "road", Reason.CALENDAR: "shut", Reason.ASTRONOMICAL: None}
    assert found.source == sources[reason]


def test_a_document_tells_its_last_night() -> None:
    assert known()["road"].last_night == FIRST + timedelta(days=NIGHTS - 1)


def test_output_trims_what_is_planned_and_not_what_a_person_commands() -> None:
    light, at = Light(known()["road"], output=80), local("2026-02-10T21:00")
    assert resolve(light, Held(), at).level == 80
    until = at + timedelta(hours=1)
    assert resolve(light, Held(override=Override(level=100, until=until)), at).level == 100
    assert resolve(light, Held(emergency=Emergency(until=until)), at).level == 100


def test_a_relay_is_on_at_any_level_and_off_at_none() -> None:
    light, at = Light(known()["road"], control="relay"), local("2026-02-11T04:00")
    assert resolve(light, Held(), at).level == 100
    assert resolve(light, Held(override=Override(level=0, until=at + timedelta(hours=1))), at).level == 0
    assert resolve(light, Held(override=Override(level=5, until=at + timedelta(hours=1))), at).level == 100


def test_what_raises_is_stronger_than_what_lowers_and_says_so() -> None:
    at = local("2026-02-11T04:00")  # 50 %
    both = (InForce(RAISE, 1.0), InForce(LOWER, 1.0))
    assert resolve(Light(known()["road"], adapted=both), Held(), at) == Decision(90, Reason.ADAPTIVE, "rain")
    assert resolve(Light(known()["road"], adapted=both[1:]), Held(), at) == Decision(40, Reason.ADAPTIVE, "quiet")
    half = (InForce(RAISE, 0.5),)
    assert resolve(Light(known()["road"], adapted=half), Held(), at).level == 70


@given(lights, moments)
def test_what_adapts_lights_nothing_that_is_off_and_changes_nothing_by_day(light: Light, at: datetime) -> None:
    plain = planned(light.lighting, (), at)
    found = planned(light.lighting, light.adapted, at)
    assert min(plain.level, 40) <= found.level <= 100
    if plain.level == 0 or not is_dark(HA_LONG, at):
        assert found == plain


@given(lights, held, moments)
def test_somebody_always_decides_and_always_the_same_one(light: Light, held: Held, at: datetime) -> None:
    found = resolve(light, held, at)
    assert found.level is not None
    assert 0 <= found.level <= 100
    assert found == resolve(light, held, at.astimezone(VIETNAM))


@given(lights, held, st.none() | moments)
def test_safety_beats_all_also_when_nobody_knows_the_time(light: Light, held: Held, at: datetime | None) -> None:
    locked = Held(LockOut(), held.emergency, held.override, held.test)
    assert resolve(light, locked, at) == Decision(0, Reason.SAFETY)
    if held.lock_out is None:
        assert (resolve(light, held, at).reason is Reason.SAFETY, resolve(light, held, None).level) == (False, None)


@given(lights, held, moments)
def test_the_ladder_goes_from_strong_to_weak_and_nothing_outlives_its_end(
    light: Light, held: Held, at: datetime
) -> None:
    found = resolve(light, held, at)
    rungs = {Reason.EMERGENCY: held.emergency, Reason.OVERRIDE: held.override, Reason.SELF_TEST: held.test}
    standing = [reason for reason, action in rungs.items() if action is not None and at < action.until]
    strongest = [Reason.SAFETY] * (held.lock_out is not None) + standing
    if strongest:
        assert found.reason is strongest[0]
    else:
        assert found == resolve(light, Held(), at)
    assert resolve(light, Held(None, held.emergency, held.override, held.test), begin + timedelta(days=30)) == resolve(
        light, Held(), begin + timedelta(days=30)
    )


def test_outside_the_document_the_sun_decides() -> None:
    lighting = known()["road"]
    for at in (begin, datetime(2026, 8, 1, 15, tzinfo=UTC)):
        expected = astronomical_level(HA_LONG, VIETNAM, at)
        assert resolve(Light(lighting), Held(), at) == Decision(expected, Reason.ASTRONOMICAL)


def columns(rows: list[Held], since: list[float | None]) -> HeldColumns:
    def rung(name: str) -> Rung:
        found = [getattr(row, name) for row in rows]
        level = [np.nan if one is None else one.level for one in found]
        until = [np.nan if one is None else one.until.timestamp() for one in found]
        return Rung(np.array(level, np.float64), np.array(until, np.float64))

    locked = np.array([row.lock_out is not None for row in rows], np.bool_)
    changed = np.array(since, np.float64)
    return HeldColumns(locked, rung("emergency"), rung("override"), rung("test"), changed)


@given(
    st.lists(st.tuples(lights, held, st.none() | st.floats(0, 2e9)), min_size=1, max_size=6),
    moments,
    st.floats(0, 2e9),
)
def test_a_city_in_columns_is_decided_as_each_of_its_lamps(
    lamps: list[tuple[Light, Held, float | None]], at: datetime, since: float
) -> None:
    own = [planned(light.lighting, light.adapted, at) for light, _, _ in lamps]
    found = fleet_resolve.resolve(
        fleet_resolve.sets(own, [since] * len(own)),
        Lamps(
            np.arange(len(lamps)),
            np.array([light.output for light, _, _ in lamps], np.float64),
            np.array([light.control == "relay" for light, _, _ in lamps], np.bool_),
        ),
        columns([held for _, held, _ in lamps], [changed for _, _, changed in lamps]),
        at.timestamp(),
    )
    alone = [resolve(light, held, at) for light, held, _ in lamps]
    assert found.level.tolist() == [decision.level for decision in alone]
    assert [REASONS[number] for number in found.reason] == [decision.reason for decision in alone]


def test_light_has_held_since_what_last_changed_it() -> None:
    at = begin.timestamp() + 1000
    nothing, over, on = Held(), Override(level=30, until=begin), Override(level=30, until=begin + timedelta(hours=1))
    siren = Emergency(until=begin + timedelta(seconds=500))
    rows = [nothing, Held(override=over), Held(override=on), Held(override=on, emergency=siren), Held(LockOut())]
    own = [planned(known()["road"], (), begin)]
    found = fleet_resolve.resolve(
        fleet_resolve.sets(own, [at - 1_000_000]),
        Lamps(np.zeros(len(rows), np.int64), np.full(len(rows), 100.0), np.zeros(len(rows), np.bool_)),
        columns(rows, [None, at - 7200, at - 7200, at - 7200, at - 60]),
        at,
    )
    assert found.since.tolist() == [at - 1_000_000, at - 1000, at - 7200, at - 500, at - 60]
