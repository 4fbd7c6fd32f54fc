"""Everything that runs beside the requests, as one set: when one of it dies, the service ends with the reason."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from typing import Any

from cloud.errors import in_one_line
from cloud.live.sessions import watch_sessions
from cloud.parts import Parts

log = logging.getLogger(__name__)


class Ended(Exception):
    """A task that runs for as long as the service has returned."""


@asynccontextmanager
async def running(parts: Parts) -> AsyncIterator[None]:
    """Run everything until the block ends."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_for_ever(name, loop), name=name) for name, loop in _loops(parts)]
        yield
        for task in tasks:
            task.cancel()


def _loops(parts: Parts) -> Iterator[tuple[str, Coroutine[Any, Any, None]]]:
    yield "edges", parts.edges.keep(parts.database)
    yield "documents", parts.documents.follow()
    yield "light of the cities", parts.light.follow()
    yield "light of the edges", parts.light.running.follow()
    yield "heads of the audit log", parts.heads.follow()
    yield "cursors", parts.cursors.run()
    yield "commands", parts.commands.follow()
    yield "consents", parts.desk.follow()
    yield "self-tests", parts.self_tests.follow()
    yield "live map", parts.map_feed.run()
    yield "overview", parts.events.run()
    yield "sessions", watch_sessions(parts.people, parts.tokens, [parts.map_hub, parts.event_hub])
    yield "guard", parts.people.guard.run()
    yield "resets", parts.resets.run()
    if parts.upkeep is not None:
        yield "upkeep of the store", parts.upkeep.run()
    if parts.notifier is not None:
        yield "notifier", parts.notifier.run()
    if parts.intake is not None:
        yield "intake", parts.intake.run(parts.cursors, parts.edges)


async def _for_ever(name: str, loop: Coroutine[Any, Any, None]) -> None:
    try:
        await loop
    except Exception as error:
        log.critical("%s has ended the service: %s", name, in_one_line(error))
        raise
    raise Ended(f"{name} has returned")
