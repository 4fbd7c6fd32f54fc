"""Self-tests: what is sent, how the result of each lamp is judged and shown, and that all get their turn."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from cloud.people.rights import Role
from cloud.settings import SelfTestTimes
from protocols.commands import Group, Refusal, SelfTest, Step, TestPoint
from rules.self_test_nights import chosen, night_to_test
from tests.cloud.clocks import Wall
from tests.cloud.commands.test_groups import W1, hear, said, sent
from tests.cloud.feeding import Feed
from tests.cloud.serving import Service

TESTS = "/api/v1/self-tests"


def measured(service: Service, part: Group, place: int, share: float) -> tuple[TestPoint, ...]:
    """What a lamp shows that takes so much of what a healthy one would."""
    fleet, test = service.parts.fleet, part.action
    assert isinstance(test, SelfTest)
    lamp = fleet.lamp(part.lamps[place])
    assert lamp is not None
    curve = dict(fleet.type_of(lamp).expected_power)
    full = curve[100]
    return tuple(TestPoint(level=level, actual_level=level, power=share * full * level / 100) for level in test.levels)


async def test_each_lamp_passes_fails_or_was_not_done_with_why(service: Service) -> None:
    feed = Feed(service)
    async with service.signed_in(Role.OPERATOR) as client:
        group = (await client.post(TESTS, json={"targets": W1})).json()
        part = sent(service)["HL-E01"]
        await hear(service, "HL-E01", said(part, Step.ACCEPTED), feed)
        dead = said(part, Step.READ_BACK, 0, points=measured(service, part, 0, share=0.01))
        gone = said(part, Step.REFUSED, 1, refusal=Refusal.SUPERSEDED)
        await hear(service, "HL-E01", [*dead, *gone], feed)
        found = (await client.get(TESTS)).json()
        failed = (await client.get(TESTS, params={"state": "failed"})).json()
    assert group["action"]["type"] == "self_test"
    assert {item["lamp"]: (item["result"], item["why"]) for item in found["items"]} == {
        part.lamps[0]: ("failed", "lamp_out"),
        part.lamps[1]: ("not_done", "superseded"),
    }
    assert (found["counts"]["failed"], found["counts"]["not_done"], failed["total"]) == (1, 1, 1)
    [point, *_] = failed["items"][0]["points"]
    assert (point["level"], point["is_good"]) == (100, False)
    assert point["expected"] > 10 * point["power"]


async def test_in_its_night_some_lamps_are_tested_and_in_the_next_others(service: Service, wall: Wall) -> None:
    tests = service.parts.self_tests
    tests.times = SelfTestTimes(every=timedelta(days=3), at=time(1, 30))
    lamps = len(service.parts.fleet.lamps)
    night = datetime(2026, 11, 21, 18, 30, tzinfo=UTC)  # 01:30 in Ha Long
    wall.advance(seconds=(night - service.parts.clock.now()).total_seconds())
    await tests.tend()
    await tests.tend()
    tested = [lamp for part in sent(service).values() for lamp in part.lamps]
    assert len(tested) == lamps // 3
    assert all(isinstance(part.action, SelfTest) for part in sent(service).values())


def test_it_is_time_for_an_hour_after_the_local_time() -> None:
    zone, at = ZoneInfo("Asia/Ho_Chi_Minh"), time(1, 30)
    half_past_one = datetime(2026, 11, 21, 18, 30, tzinfo=UTC)
    assert night_to_test(half_past_one - timedelta(seconds=1), zone, at) is None
    assert night_to_test(half_past_one, zone, at) == half_past_one.astimezone(zone).date()
    assert night_to_test(half_past_one + timedelta(hours=1), zone, at) is None


@pytest.mark.parametrize("days", [1, 7, 30])
def test_every_lamp_is_tested_once_in_the_period(days: int) -> None:
    lamps, tested = [f"L{n:03}" for n in range(100)], dict[str, datetime]()
    counts = dict.fromkeys(lamps, 0)
    night = datetime(2026, 1, 1, 18, 30, tzinfo=UTC)
    for n in range(2 * days):
        some = chosen(lamps, tested, tested, night + timedelta(days=n), timedelta(days=days))
        tested |= dict.fromkeys(some, night + timedelta(days=n, minutes=1))
        counts = {lamp: counts[lamp] + (lamp in some) for lamp in lamps}
    assert set(counts.values()) == {2}


def test_lamps_that_cannot_be_tested_do_not_take_the_turns_of_the_others() -> None:
    lamps, tested, tried = [f"L{n:02}" for n in range(30)], dict[str, datetime](), dict[str, datetime]()
    silent = set(lamps[:10])  # ten a night are tested: these would be chosen again and again
    for n in range(3):
        night = datetime(2026, 1, 1 + n, 18, 30, tzinfo=UTC)
        some = chosen(lamps, tested, tried, night, timedelta(days=3))
        tried |= dict.fromkeys(some, night)
        tested |= dict.fromkeys(set(some) - silent, night)
    assert tested.keys() == set(lamps) - silent
    assert set(chosen(lamps, tested, tried, night + timedelta(days=1), timedelta(days=3))) == silent
