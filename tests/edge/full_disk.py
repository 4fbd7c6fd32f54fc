"""A disk that fills up: for one database alone, or for real."""

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from edge_agent.database import Database

T = TypeVar("T")


class FillingDisk(Database):
    """While `full`, whatever was changed finds no room, as late as it can: when it is committed."""

    full = False

    async def run(self, act: Callable[[sqlite3.Connection], T]) -> T:
        def on_a_full_disk(connection: sqlite3.Connection) -> T:
            before = connection.total_changes
            found = act(connection)
            if self.full and connection.total_changes > before:
                error = sqlite3.OperationalError("database or disk is full")
                error.sqlite_errorcode = sqlite3.SQLITE_FULL
                raise error
            return found

        return await super().run(on_a_full_disk)


@contextmanager
def no_file_grows_beyond(size: int) -> Iterator[None]:
    """What this process writes behind so many bytes of a file is refused with EFBIG, as long as the block lasts."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
