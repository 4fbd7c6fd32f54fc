"""kill -9 of anything, on brokers that keep nothing: what the outbox had taken is in the store exactly once."""

import asyncio
import contextlib
import shutil
import sqlite3
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.system.conftest import MakeTown
from tests.system.town import Town
from tests.system.truth import Verdict, answered, compare
from tests.waiting import until

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

ROUNDS = 4  # of polling between two blows; at one a second
SETTLING_S = 4.0  # after an edge's start the lamps are set, and a read that crosses a write is thrown away
NOT_TAKEN_S = (1.5, 0.5)  # answered this long before and after an edge was killed: not yet in its outbox

FAST_EDGE = {"uplink": {"stall_after": "3s", "backlog_per_second": 20}}
FAST_CLOUD = {"commit_every": "1s"}


@pytest.fixture
async def town(make_town: MakeTown, broker_name: str) -> Town:
    return make_town(broker_name, edge_settings=FAST_EDGE, cloud_settings=FAST_CLOUD)


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
    killed = await kill_edge(town, edge)
    before = epochs(town)
    for part in town.folder.glob(f"edges/{edge}.sqlite*"):
        part.unlink()
    await town.start(edge)
    await rounds(town, ROUNDS)
    verdict = await settled(town)
    assert epochs(town) == before + 1
    assert_whole(verdict, town, killed)


async def test_a_batch_is_dropped_inside_the_cloud_before_its_inbox(town: Town) -> None:
    (edge,) = town.edges
    await town.start_all(HAIDANG_TEST_DROP=f"{edge}:live:3")
    await rounds(town, 3 * ROUNDS)
    verdict = await settled(town)
    assert f"{edge}/live/3 is lost on purpose" in town.log_of("cloud")
    assert_whole(verdict, town)


async def test_live_readings_overtake_a_backlog_that_drains(make_town: MakeTown, broker_name: str) -> None:
    slow = {"uplink": {"stall_after": "3s", "backlog_per_second": 1}}
    town = make_town(broker_name, edge_settings=slow, cloud_settings=FAST_CLOUD)
    (edge,) = town.edges
    await town.start_all()
    await rounds(town, ROUNDS)
    await town.kill("broker")
    await until(lambda: depth(town, edge, "backlog") >= 2 * ROUNDS)
    live = mark(town, edge, "live")
    await town.start("broker")
    await until(lambda: mark(town, edge, "live") > live, timeout_s=30)
    assert depth(town, edge, "backlog") > 0
    assert_whole(await settled(town), town)


async def rounds(town: Town, count: int) -> None:
    """Wait until the simulator has answered this many more rounds of its first lamp."""
    lamp, log = town.city.luminaires[0].id, town.folder / "reads.jsonl"
    configs = [town.folder / "edges" / f"{edge}.yaml" for edge in town.edges]

    def seen() -> int:
        return len(answered(log, configs).get((lamp, "voltage"), [])) if log.exists() else 0

    start = seen()
    await until(lambda: seen() >= start + count, timeout_s=30, every_s=0.2)


async def kill_edge(town: Town, edge: str) -> tuple[float, float]:
    """The moments (domain time) in which an answer may not have been taken yet."""
    await town.kill(edge)
    return just_now(town)


async def settled(town: Town) -> tuple[Verdict, tuple[float, float]]:
    """Let everything that is on its way arrive, end the town politely, and compare.

    The round that the simulator's end has cut in two was never in an outbox.
    """
    await town.stop("sim")
    cut = just_now(town)
    for edge in town.edges:
        await until(partial(empty, town, edge), timeout_s=40, every_s=0.2)
        assert await town.stop(edge) == 0
    await until(partial(all_is_stored, town), timeout_s=20, every_s=0.2)
    assert await town.stop("cloud") == 0
    edges = [town.folder / "edges" / f"{edge}.yaml" for edge in town.edges]
    return await asyncio.to_thread(compare, town.folder / "reads.jsonl", edges, town.store), cut


def assert_whole(result: tuple[Verdict, tuple[float, float]], town: Town, *excused: tuple[float, float]) -> None:
    verdict, cut = result
    windows = [*settling(town), cut, *excused]
    print(  # noqa: T201
        f"answered {verdict.answered}, stored {verdict.stored}, unsaid {verdict.unsaid}, missing {len(verdict.missing)}"
    )
    assert verdict.stored > 0
    assert not verdict.invented
    assert not verdict.doubled
    assert not verdict.missing_outside(windows)
    assert taken(town) == named(town)


def just_now(town: Town) -> tuple[float, float]:
    before, after = NOT_TAKEN_S
    return town.now() - before, town.now() + after


def settling(town: Town) -> list[tuple[float, float]]:
    """The first seconds after each start of an edge."""
    return [(start, start + SETTLING_S) for start in town.edge_starts]


def depth(town: Town, edge: str, stream: str = "%") -> int:
    """How many batches an outbox holds."""
    with TemporaryDirectory() as folder:
        for part in town.outbox(edge).parent.glob(f"{edge}.sqlite*"):  # the edge keeps its file to itself
            shutil.copy(part, folder)
        copy = Path(folder) / town.outbox(edge).name
        return int(ask(copy, "SELECT count(*) FROM batch WHERE stream LIKE ?", stream))


def empty(town: Town, edge: str) -> bool:
    return depth(town, edge) == 0


def all_is_stored(town: Town) -> bool:
    """Both cursors have passed everything that the inbox had."""
    return int(ask(town.inbox, "SELECT count(*) FROM inbox")) == 0


def taken(town: Town) -> int:
    """How many batches the inbox has ever taken: each of them went to the store once."""
    return int(ask(town.inbox, "SELECT seq FROM sqlite_sequence WHERE name = 'inbox'"))


def named(town: Town) -> int:
    """How many different batches there were: every stream's seqs have no hole."""
    return int(ask(town.inbox, "SELECT sum(contiguous) FROM marks"))


def mark(town: Town, edge: str, stream: str) -> int:
    """The highest seq of a stream with no hole below it in the cloud's inbox."""
    sql = "SELECT max(contiguous) FROM marks WHERE edge = ? AND stream = ?"
    return int(ask(town.inbox, sql, edge, stream) or 0)


def epochs(town: Town) -> int:
    return int(ask(town.inbox, "SELECT count(DISTINCT epoch) FROM marks") or 0)


def ask(database: Path, sql: str, *arguments: str) -> Any:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        row = connection.execute(sql, arguments).fetchone()
    return row[0] if row else None
