"""A lamp that is out is raised once, at the right moment, whatever happens to the service meanwhile."""

import itertools
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from cloud.alarms.episode import Words
from cloud.alarms.lamp_out import Finding
from cloud.alarms.store import load_newest
from cloud.alarms.tables import EpisodeRow
from cloud.people.rights import Role
from cloud.settings import Settings
from cloud.texts import Text
from protocols.clock import DomainClock
from protocols.readings import Reading
from protocols.topics import Stream
from rules.alarms import Event, episode_id
from tests.cloud.cities import lamp_id, small_city, write_city
from tests.cloud.clocks import EVENING, Wall
from tests.cloud.feeding import Feed, lamp
from tests.cloud.serving import Service, serving

ALARMS = "/api/v1/alarms"


def minutes(n: int, powers: str, start: int = 0) -> list[Reading]:
    """One reading a minute of one lamp; `_` is a missing one."""
    at = [EVENING + timedelta(minutes=start + m) for m in range(len(powers.split()))]
    return [lamp(n, t, active_power=float(p)) for t, p in zip(at, powers.split(), strict=True) if p != "_"]


async def listed(client: httpx2.AsyncClient, state: str = "open") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get(f"{ALARMS}?state={state}")).json()
    return found


@pytest.fixture
def feed(service: Service, wall: Wall) -> Feed:
    """The city's edges, an hour later than the first reading."""
    wall.advance(hours=1)
    return Feed(service)


async def test_an_alarm_says_what_where_why_and_what_to_bring(service: Service, feed: Feed) -> None:
    await feed.readings(minutes(3, "0 0 0 0 0 0"))
    async with service.signed_in() as client:
        (alarm,) = await listed(client)
    assert (alarm["rule"], alarm["source"], alarm["state"]) == ("lamp_out", lamp_id(3), "unacked")
    assert alarm["raised_at"] == "2026-11-21T12:05:00Z"
    assert alarm["id"] == episode_id("lamp_out", lamp_id(3), EVENING + timedelta(minutes=5))
    assert alarm["title"] == {"vi": "Đèn không sáng", "en": "Lamp out"}
    assert alarm["place"]["vi"] == "Cột P003, Trần Phú, Phường Hồng Gai; tủ HL-TC001"
    assert alarm["place"]["en"] == "Pole P003, Trần Phú, Hong Gai ward; cabinet HL-TC001"
    assert "100 W" in alarm["reason"]["en"]
    assert "driver" in alarm["advice"]["en"]
    assert (alarm["lamp_index"], alarm["latitude"]) == (2, 20.95)


async def test_the_readings_of_a_healthy_lamp_raise_nothing(service: Service, feed: Feed) -> None:
    await feed.readings(minutes(3, "100 99 98 _ 100 101 100"))
    async with service.signed_in() as client:
        assert await listed(client, "all") == []


async def test_an_alarm_lives_from_raised_over_seen_to_cleared(service: Service, feed: Feed, wall: Wall) -> None:
    await feed.readings(minutes(3, "0 0 0 0 0 0"))
    async with service.signed_in(Role.OPERATOR) as client:
        (alarm,) = await listed(client)
        seen = (await client.post(f"{ALARMS}/{alarm['id']}/acknowledge", json={"comment": "lift is on its way"})).json()
        assert (seen["state"], seen["acked_by"], seen["comment"]) == ("acked", "operator", "lift is on its way")
        assert seen["acked_at"] == "2026-11-21T13:00:00Z"
        await feed.readings(minutes(3, "100 100", start=10))
        assert await listed(client) == []
        (over,) = await listed(client, "all")
    assert (over["state"], over["returned_at"], over["cleared_at"]) == ("cleared", *["2026-11-21T12:11:00Z"] * 2)


async def test_an_alarm_that_nobody_saw_stays_until_somebody_has(service: Service, feed: Feed) -> None:
    await feed.readings(minutes(3, "0 0 0 0 0 0 100 100"))
    async with service.signed_in() as client:
        (alarm,) = await listed(client)
        assert (alarm["state"], alarm["cleared_at"]) == ("rtn_unacked", None)
        await client.post(f"{ALARMS}/{alarm['id']}/acknowledge", json={})
        assert await listed(client) == []


async def test_a_lamp_that_fails_again_before_anybody_looked_is_the_same_alarm(service: Service, feed: Feed) -> None:
    await feed.readings(minutes(3, "0 0 0 0 0 0 100 100 0 0 0 0 0 0"))
    async with service.signed_in() as client:
        (alarm,) = await listed(client, "all")
    assert (alarm["state"], alarm["raised_at"]) == ("unacked", "2026-11-21T12:05:00Z")


async def test_a_lamp_that_fails_again_afterwards_is_a_new_alarm(service: Service, feed: Feed) -> None:
    await feed.readings(minutes(3, "0 0 0 0 0 0"))
    async with service.signed_in() as client:
        (alarm,) = await listed(client)
        await client.post(f"{ALARMS}/{alarm['id']}/acknowledge", json={})
        await feed.readings(minutes(3, "100 100 0 0 0 0 0 0", start=6))
        assert [(a["state"], a["raised_at"]) for a in await listed(client, "all")] == [
            ("unacked", "2026-11-21T12:13:00Z"),
            ("cleared", "2026-11-21T12:05:00Z"),
        ]


async def test_acknowledging_twice_is_acknowledging_once(service: Service, feed: Feed) -> None:
    await feed.readings(minutes(3, "0 0 0 0 0 0"))
    async with service.signed_in(Role.OPERATOR) as lan, service.signed_in(Role.TECHNICIAN) as minh:
        (alarm,) = await listed(lan)
        await lan.post(f"{ALARMS}/{alarm['id']}/acknowledge", json={})
        again = (await minh.post(f"{ALARMS}/{alarm['id']}/acknowledge", json={})).json()
    async with service.signed_in(Role.AUDITOR) as auditor:
        acts = (await auditor.get("/api/v1/audit")).json()
    assert again["acked_by"] == "operator"
    (act,) = [act for act in acts if act["act"] == "acknowledge"]
    assert (act["who"], act["target"], act["result"]) == ("operator", lamp_id(3), "acked")
    assert act["parameters"] == {"alarm": alarm["id"]}


async def test_an_alarm_that_is_not_there_cannot_be_acknowledged(service: Service) -> None:
    async with service.signed_in() as client:
        assert (await client.post(f"{ALARMS}/nothing/acknowledge", json={})).status_code == 404


@pytest.mark.parametrize("times", [2, 3])
async def test_the_same_readings_again_raise_nothing_more(service: Service, feed: Feed, times: int) -> None:
    for _ in range(times):
        await feed.readings(minutes(3, "0 0 0 0 0 0"))
    async with service.signed_in() as client:
        assert len(await listed(client, "all")) == 1


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
async def test_batches_in_any_order_raise_nothing_that_is_not_so(
    service: Service, feed: Feed, order: tuple[int, ...]
) -> None:
    """What comes late is not looked at: the worst that it does is to raise later, and never a healthy lamp."""
    healthy, broken = minutes(1, "100 100 0 100 100 100 100 100 100"), minutes(3, "0 0 0 0 0 0 0 0 0")
    thirds = [healthy[n : n + 3] + broken[n : n + 3] for n in (0, 3, 6)]
    for n in order:
        await feed.readings(thirds[n], stream=Stream.BACKLOG)
    async with service.signed_in() as client:
        assert {alarm["source"] for alarm in await listed(client, "all")} <= {lamp_id(3)}


@pytest.mark.parametrize("cut", range(1, 6))
async def test_a_restart_in_the_middle_of_the_hold_changes_nothing(
    settings: Settings, clock: DomainClock, wall: Wall, cut: int
) -> None:
    wall.advance(hours=1)
    readings = minutes(3, "0 0 0 0 0 0")
    async with serving(settings, clock) as running:
        await Feed(running).readings(readings[:cut])
    async with serving(settings, clock) as running:
        await _feed_on(running, readings[cut:])
        assert [(e.source, e.raised_at) for e in await _episodes(running)] == [
            (lamp_id(3), EVENING + timedelta(minutes=5))
        ]


async def test_an_open_alarm_survives_a_restart_and_is_not_raised_again(
    settings: Settings, clock: DomainClock, wall: Wall
) -> None:
    wall.advance(hours=1)
    async with serving(settings, clock) as running:
        await Feed(running).readings(minutes(3, "0 0 0 0 0 0"))
    async with serving(settings, clock) as running:
        await _feed_on(running, minutes(3, "0 0 0 0 0 0", start=6))
        assert len(await _episodes(running)) == 1
        assert len(running.parts.alarms.listed()) == 1


async def _feed_on(running: Service, readings: Iterable[Reading]) -> None:
    """After a restart an edge goes on with its next seq."""
    await Feed(running).readings(readings, stream=Stream.BACKLOG)


async def _episodes(running: Service) -> Any:
    async with running.parts.database.read() as session:
        return await load_newest(session, 10, lambda _: True)


async def test_an_alarm_of_whose_commit_nobody_was_told_is_followed_all_the_same(service: Service) -> None:
    text = Text(vi="Đèn không sáng", en="Lamp out")
    words = Words(title=text, place=text, reason=text, advice=text)
    found = Finding("lamp_out", lamp_id(3), 2, Event.RAISED, EVENING, words, 107.0, 20.95)
    alarms = service.parts.alarms
    async with service.parts.database.write() as session:
        await alarms.note(session, [found])  # and the answer to the commit is lost
    async with service.parts.database.write() as session:
        again = await alarms.note(session, [found])
    alarms.keep(again)
    assert [episode.id for episode in alarms.listed()] == [episode_id("lamp_out", lamp_id(3), EVENING)]


async def test_a_lamp_that_is_taken_down_is_no_longer_out(settings: Settings, clock: DomainClock, wall: Wall) -> None:
    wall.advance(hours=1)
    async with serving(settings, clock) as running:
        await Feed(running).readings(minutes(5, "0 0 0 0 0 0"))
    write_city(settings.sites[0].inventory, small_city(lamps=4))
    async with serving(settings, clock) as running:
        (episode,) = await _episodes(running)
        async with running.signed_in() as client:
            (alarm,) = await listed(client)
    assert episode.returned_at == clock.now()
    assert (alarm["state"], alarm["lamp_index"]) == ("rtn_unacked", None)


async def test_a_lamp_that_was_missing_from_one_inventory_is_out_again_when_it_is_back(
    settings: Settings, clock: DomainClock, wall: Wall
) -> None:
    wall.advance(hours=1)
    async with serving(settings, clock) as running:
        await Feed(running).readings(minutes(5, "0 0 0 0 0 0"))
    write_city(settings.sites[0].inventory, small_city(lamps=4))
    async with serving(settings, clock):
        pass
    write_city(settings.sites[0].inventory, small_city(lamps=6))
    async with serving(settings, clock) as running:
        await _feed_on(running, minutes(5, "0 0 0 0 0 0", start=6))
        (episode,) = running.parts.alarms.listed()
    assert (episode.state, episode.source) == ("unacked", lamp_id(5))


async def test_the_most_urgent_and_then_the_newest_stand_first(service: Service, feed: Feed) -> None:
    await feed.readings(minutes(1, "0 0 0 0 0 0") + minutes(3, "0 0 0 0 0 0", start=2))
    async with service.signed_in() as client:
        assert [alarm["source"] for alarm in await listed(client)] == [lamp_id(3), lamp_id(1)]


async def test_the_database_itself_keeps_a_second_open_episode_out(service: Service, feed: Feed) -> None:
    await feed.readings(minutes(3, "0 0 0 0 0 0"))
    with pytest.raises(IntegrityError):
        await _insert_second(service, EVENING)


async def _insert_second(service: Service, at: datetime) -> None:
    word = {"vi": "x", "en": "x"}
    row = dict.fromkeys(("title", "place", "reason", "advice"), word)
    known = {"id": "other", "rule": "lamp_out", "source": lamp_id(3), "priority": 3, "state": "acked", "raised_at": at}
    async with service.parts.database.write() as session:
        await session.execute(insert(EpisodeRow).values(**known, **row, longitude=0.0, latitude=0.0))
