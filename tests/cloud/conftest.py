"""A service over an empty folder, and the hand on its clock."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import LRUCache

from cloud import database as databases
from cloud.database import Database
from cloud.migrations import migrate
from cloud.settings import Settings
from protocols.clock import DomainClock
from tests.cloud.cities import small_city, write_city
from tests.cloud.clocks import Wall, standing_clock
from tests.cloud.serving import Service, serving, settings_in
from tests.postgresql import Cluster

# What reads and writes the registry is tested on both of its databases, the rest on the default one.
_ON_BOTH = {"alarms", "audit", "commands", "edges", "fleet", "latest", "notifications", "people"}
_ON_BOTH |= {"test_any_text", "test_secrets", "test_database", "test_many_ids"}


_MOST_STATEMENTS = 2_000
_DIALECTS = (SQLiteDialect_aiosqlite, PGDialect_asyncpg)


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> Iterator[None]:
    """Each test has a database of its own. What SQLAlchemy makes of a statement is kept for all of one kind together:
    to make it again for each takes a fifth of what starting a service takes. And no test fails for a busy machine that
    keeps a registry waiting: only who asks for another time than the usual one has it."""
    compiled, make = LRUCache[Any, Any](_MOST_STATEMENTS), databases._engine

    def engine(url: str, answers_within_s: float) -> AsyncEngine:
        made = make(url, databases.PATIENT_S if answers_within_s == databases.PROMPT_S else answers_within_s)
        made.sync_engine._compiled_cache = compiled
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(databases, "_engine", engine)
        for dialect in _DIALECTS:  # the key of what is kept holds the dialect, of which each engine has its own
            patch.setattr(dialect, "__eq__", lambda one, other: type(one) is type(other))
            patch.setattr(dialect, "__hash__", lambda one: hash(type(one)))
        yield


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Twice for what belongs to the registry."""
    path = metafunc.definition.path
    if "registry_kind" in metafunc.fixturenames and {path.parent.name, path.stem} & _ON_BOTH:
        metafunc.parametrize("registry_kind", ["sqlite", "postgresql"])


@pytest.fixture
def registry_kind() -> str:
    """Which database."""
    return "sqlite"


@pytest.fixture
async def registry(registry_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The address of a registry that nobody has used yet."""
    async with _address(registry_kind, tmp_path, request, migrated=True) as url:
        yield url


@pytest.fixture
async def empty_registry(registry_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The address of a registry without a schema."""
    async with _address(registry_kind, tmp_path, request, migrated=False) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry in SQLite with the newest schema: copying is faster than migrating again."""
    folder = tmp_path_factory.mktemp("migrated")
    with ThreadPoolExecutor(1) as aside:  # not in the loop of the test that happens to come first
        aside.submit(asyncio.run, _migrate(folder)).result()
    return folder / "registry.sqlite"


async def _migrate(folder: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{folder / 'registry.sqlite'}")
    await migrate(database, folder)
    await database.close()


@asynccontextmanager
async def _address(kind: str, folder: Path, request: pytest.FixtureRequest, *, migrated: bool) -> AsyncIterator[str]:
    if kind == "sqlite":
        file = folder / "registry.sqlite"
        if migrated:
            shutil.copy(request.getfixturevalue("migrated_file"), file)
        yield f"sqlite+aiosqlite:///{file}"
        return
    cluster: Cluster = request.getfixturevalue("postgresql_cluster")
    url = await (cluster.migrated() if migrated else cluster.empty())
    yield url
    await (cluster.give_back(url) if migrated else cluster.drop(url))


@pytest.fixture(name="time")
def _time() -> tuple[DomainClock, Wall]:
    return standing_clock()


@pytest.fixture
def clock(time: tuple[DomainClock, Wall]) -> DomainClock:
    """The city's clock, which stands still."""
    return time[0]


@pytest.fixture
def wall(time: tuple[DomainClock, Wall]) -> Wall:
    """The hand that moves the clock."""
    return time[1]


@pytest.fixture
def settings(tmp_path: Path, registry: str) -> Settings:
    """A service for a small city that keeps everything in a folder of its own."""
    write_city(tmp_path / "inventory.json", small_city())
    return settings_in(tmp_path, database_url=registry)


@pytest.fixture
async def service(settings: Settings, clock: DomainClock) -> AsyncIterator[Service]:
    """A service that answers on loopback."""
    async with serving(settings, clock) as running:
        yield running
