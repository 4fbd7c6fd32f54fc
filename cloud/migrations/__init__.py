"""The registry's schema through time. The service brings it up to date when it starts."""

import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError, ProgrammingError

from cloud.database import Database

_VERSIONS = Path(__file__).parent / "versions"  # one file each, named after the version that it leads to: 0001_...
_ADVISORY_LOCK = 0x4841_4944  # "HAID": any number, the same in every process that migrates


class CannotMigrate(Exception):
    """The schema is of a version that is not known here: a newer one."""


async def migrate(database: Database, data: Path) -> None:
    """Bring the schema to the newest version, while no other process does. Raises CannotMigrate."""
    async with _alone(database, data):
        if await _version(database) == newest():
            return  # reading every migration, only to find that none is missing, is half of a service's start
        async with database.engine.execution_options(writes=True).begin() as connection:
            await connection.run_sync(upgrade)


def newest() -> str:
    """The version that the last migration leads to."""
    return max(file.name.partition("_")[0] for file in _VERSIONS.glob("[0-9]*.py"))


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run every migration that is missing up to a revision, inside the connection's transaction."""
    from alembic import command  # loaded late: most starts find the schema as it should be
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise CannotMigrate(str(error)) from error


async def _version(database: Database) -> str | None:
    """None where nothing has been migrated yet."""
    async with database.engine.connect() as connection:
        try:
            found: str | None = await connection.scalar(text("SELECT version_num FROM alembic_version"))
        except (OperationalError, ProgrammingError):  # no such table, says SQLite, and PostgreSQL
            return None
    return found


@asynccontextmanager
async def _alone(database: Database, data: Path) -> AsyncIterator[None]:
    if database.engine.dialect.name == "postgresql":
        async with database.engine.connect() as connection:
            await connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _ADVISORY_LOCK})
            yield  # the lock goes with the connection
            await connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _ADVISORY_LOCK})
    else:
        with (data / "registry.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
