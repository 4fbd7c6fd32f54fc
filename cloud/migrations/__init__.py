"""The registry's schema through time. The service brings it up to date when it starts."""

import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.engine import Connection

from cloud.database import Database

_ADVISORY_LOCK = 0x4841_4944  # "HAID": any number, the same in every process that migrates


async def migrate(database: Database, data: Path) -> None:
    """Bring the schema to the newest version, while no other process does."""
    async with _alone(database, data), database.engine.execution_options(writes=True).begin() as connection:
        await connection.run_sync(upgrade)


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run every migration that is missing up to a revision, inside the connection's transaction."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


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
