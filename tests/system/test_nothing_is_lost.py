"""kill -9 of anything, on brokers that keep nothing: what the outbox had taken is in the store exactly once."""

import pytest

from protocols.topics import Stream
from tests.system.conftest import MakeTown
from tests.system.settling import PATIENT, assert_whole, depth, emptied, epochs, kill_edge, mark, rounds, settled
from tests.system.town import Town
from tests.waiting import until, until_async

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

ROUNDS = 4  # of polling between two blows; at one a second

FAST_EDGE = {"uplink": {"stall_after": "3s", "backlog_per_second": 20}}
FAST_CLOUD = {"commit_every": "1s"}


@pytest.fixture
async def town(make_town: MakeTown, broker_name: str) -> Town:
    return make_town(broker_name, edge_settings=FAST_EDGE, bus_settings=PATIENT, cloud_settings=FAST_CLOUD)


async def test_the_cloud_is_killed_while_the_edge_stays(town: Town) -> None:
    await town.start_all()
    await rounds(town, ROUNDS)
    await town.kill("cloud")
    await rounds(town, ROUNDS)
    await town.start("cloud")
    await rounds(town, ROUNDS)
    assert_whole(await settled(town), town)


async def test_the_broker_is_killed_and_has_kept_nothing(town: Town) -> None:
    await town.start_all()
    await rounds(town, ROUNDS)
    await town.kill("broker")
    await rounds(town, ROUNDS)
    await town.start("broker")
    await rounds(town, ROUNDS)
    assert_whole(await settled(town), town)


async def test_the_edge_is_killed_while_the_broker_is_down(town: Town) -> None:
    (edge,) = town.edges
    await town.start_all()
    await rounds(town, ROUNDS)
    await town.kill("broker")
    await rounds(town, ROUNDS)
    killed = await kill_edge(town, edge)
    await town.start(edge)
    await rounds(town, ROUNDS)
    await town.start("broker")
    await rounds(town, ROUNDS)
    assert_whole(await settled(town), town, killed)


async def test_the_disk_of_the_edge_is_replaced(town: Town) -> None:
    (edge,) = town.edges
    await town.start_all()
    await rounds(town, ROUNDS)
    cut = await emptied(town)  # what only the old disk had is gone with it
    await town.kill(edge)
    before = epochs(town)
    for part in town.folder.glob(f"edges/{edge}.sqlite*"):
        part.unlink()
    await town.start("sim", edge)
    await rounds(town, ROUNDS)
    verdict = await settled(town)
    assert before == 1
    assert epochs(town) == 2
    assert_whole(verdict, town, cut)


async def test_a_batch_is_dropped_inside_the_cloud_before_its_inbox(town: Town) -> None:
    (edge,) = town.edges
    await town.start_all(HAIDANG_TEST_DROP=f"{edge}:live:3")
    await until(lambda: f"{edge}/live/3 is lost on purpose" in town.log_of("cloud"))
    await rounds(town, ROUNDS)
    assert_whole(await settled(town), town)


async def test_live_readings_overtake_a_backlog_that_drains(make_town: MakeTown, broker_name: str) -> None:
    slow = {"uplink": {"stall_after": "3s", "backlog_per_second": 2}}
    town = make_town(broker_name, edge_settings=slow, bus_settings=PATIENT, cloud_settings=FAST_CLOUD)
    (edge,) = town.edges
    await town.start_all()
    await rounds(town, ROUNDS)
    await town.kill("broker")

    async def a_backlog() -> bool:
        return await depth(town, edge, Stream.BACKLOG) >= 2 * ROUNDS

    await until_async(a_backlog, every_s=0.1)
    live = mark(town, edge, "live")
    await town.start("broker")
    await until(lambda: mark(town, edge, "live") > live)
    assert await depth(town, edge, Stream.BACKLOG) > 0
    assert_whole(await settled(town), town)
