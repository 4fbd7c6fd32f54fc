"""When everything that was on its way has arrived, and what is then compared."""

import asyncio
import contextlib
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

import httpx2

from edge_agent import status_door
from edge_agent.config import load_config
from protocols.topics import STREAMS, Stream
from tests.system.api import logged_in
from tests.system.town import Town
from tests.system.truth import Verdict, compare, places, told
from tests.waiting import until, until_async

SETTLING_S = 4.0  # when an edge begins to ask, the lamps are set, and a read that crosses a write is thrown away
# For buses, which wait for an eighth of it within a round: an answer that is given up is in the read log all the same.
PATIENT = {"timeout": "60s"}
_NOT_TAKEN_S = 0.5  # answered this long after an edge was killed: on the way, and not in its outbox


async def rounds(town: Town, count: int) -> None:
    """Wait until the simulator has answered this many more rounds of its first lamp."""
    lamp, log = town.city.luminaires[0].id, town.folder / "reads.jsonl"
    where = places([load_config(town.folder / "edges" / f"{edge}.yaml") for edge in town.edges])

    def seen() -> int:
        return len(told(log, where).get((lamp, "voltage"), [])) if log.exists() else 0

    start = seen()
    await until(lambda: seen() >= start + count, timeout_s=60, every_s=0.5)


async def kill_edge(town: Town, edge: str) -> tuple[float, float]:
    """The moments (domain time) in which an answer may not have been taken yet."""
    await town.kill(edge)
    return just_now(town)


async def settled(town: Town) -> tuple[Verdict, tuple[float, float]]:
    """Let everything that is on its way arrive, end the town politely, and compare."""
    cut = await emptied(town)
    for edge in town.edges:
        assert await town.stop(edge) == 0
    async with logged_in(town) as client:
        await until_async(partial(all_is_stored, client), every_s=0.2)
    assert await town.stop("cloud") == 0
    edges = [town.folder / "edges" / f"{edge}.yaml" for edge in town.edges]
    return await asyncio.to_thread(compare, town.folder / "reads.jsonl", edges, town.store), cut


async def emptied(town: Town) -> tuple[float, float]:
    """End the simulator politely, and let all that it has answered reach the cloud; the outboxes are empty then.

    Gives the moment of its end: the round that was cut in two was never in an outbox.
    """
    await town.stop("sim")
    cut = just_now(town)
    for edge in town.edges:
        await two_rounds_more(town, edge)
        await drained(town, edge)
    return cut


async def two_rounds_more(town: Town, edge: str) -> None:
    """The round that was under way has ended then, and what it heard is in the outbox."""

    async def rounds_had() -> int:
        return sum(int(counts["rounds"]) for counts in (await status(town, edge))["buses"].values())

    async def had(count: int) -> bool:
        return await rounds_had() >= count

    await until_async(partial(had, await rounds_had() + 2), every_s=0.2)


def assert_whole(result: tuple[Verdict, tuple[float, float]], town: Town, *excused: tuple[float, float]) -> None:
    verdict, cut = result
    windows = [*settling(town, verdict), cut, *excused]
    print(  # noqa: T201
        f"answered {verdict.answered}, stored {verdict.stored}, unsaid {verdict.unsaid}, missing {len(verdict.missing)}"
    )
    assert verdict.stored > 0
    assert not verdict.invented
    assert not verdict.doubled
    lost = verdict.missing_outside(windows)
    assert lost == [], f"missing {lost[:20]}, but for {windows}"
    assert taken(town) == named(town)


def just_now(town: Town) -> tuple[float, float]:
    """The moment of a kill; the rounds before it that were not yet taken are known by their answers."""
    return town.now(), town.now() + _NOT_TAKEN_S


def settling(town: Town, verdict: Verdict) -> list[tuple[float, float]]:
    """From each start of an edge to some seconds after its first question."""
    moments = sorted(at for seen in verdict.truth.values() for at, _ in seen)
    firsts = [(start, next((at for at in moments if at > start), start)) for start in town.edge_starts]
    return [(start, first + SETTLING_S) for start, first in firsts]


async def status(town: Town, edge: str) -> dict[str, Any]:
    """What a running edge says of itself, once it is up and not too busy to say it."""
    place = status_door.door(town.outbox(edge))

    def told() -> dict[str, Any] | None:
        try:
            return status_door.ask(place)
        except OSError:
            return None

    return await until(told, every_s=0.2)


async def depth(town: Town, edge: str, *streams: Stream) -> int:
    """How many batches of some streams, or of all, the outbox of a running edge holds."""
    shelves = (await status(town, edge))["shelves"]
    return sum(int(shelves[stream]["next"]) - int(shelves[stream]["first"]) for stream in streams or STREAMS)


async def drained(town: Town, edge: str) -> None:
    """Wait until an outbox is empty. A long cut takes long to drain, but it goes on."""
    while left := await depth(town, edge):
        await until_async(partial(holds_less, town, edge, left), every_s=0.2)


async def holds_less(town: Town, edge: str, than: int) -> bool:
    return await depth(town, edge) < than


async def all_is_stored(client: httpx2.AsyncClient) -> bool:
    """The store's cursor has passed everything that the inbox had."""
    cursors = (await client.get("/api/v1/store")).json()["cursors"]
    return all(cursor["behind"] == 0 for cursor in cursors if cursor["name"] == "store")


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
