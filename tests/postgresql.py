"""A real PostgreSQL on loopback for one run of the tests; each test gets a database of its own."""

import asyncio
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from cloud.database import Database
from cloud.migrations import migrate
from tests.ports import free_port, wait_for_port

_DEBIAN = Path("/usr/lib/postgresql")
_USER = "haidang"
_TEMPLATE = "migrated"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",  # what a test writes need not survive a power cut
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",  # a test is over before it pays
    "shared_buffers": "32MB",
    "max_connections": "60",
    "timezone": "Asia/Ho_Chi_Minh",  # not ours: moments must be right whatever the server's clock shows
}


def programs() -> Path | None:
    """Where initdb and postgres are: on the PATH, or where Debian keeps them."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(_DEBIAN.glob("*/bin"), key=lambda folder: int(folder.parent.name), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


# What a test might have left changed besides rows: a column, an index, a trigger, the version.
_SCHEMA = """
SELECT md5(string_agg(part, E'\\n' ORDER BY part)) FROM (
    SELECT format('%s.%s %s %s', attrelid::regclass, attname, atttypid, attnotnull) FROM pg_attribute
    JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace AND attnum > 0
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT pg_get_triggerdef(oid) || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT version_num FROM alembic_version
) AS parts (part)
"""
_END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_EMPTY = """
SET session_replication_role = replica; -- rows that are kept for ever go, too
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT format('DELETE FROM %s', oid::regclass) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
        UNION ALL SELECT format('ALTER SEQUENCE %s RESTART', oid::regclass) FROM pg_class WHERE relkind = 'S'
    LOOP EXECUTE name; END LOOP;
END $$
"""


@dataclass(slots=True)
class Cluster:
    """A server, or one that has been stopped."""

    folder: Path
    port: int = field(default_factory=free_port)
    keeps: bool = False  # what was committed survives `stop`
    _running: subprocess.Popen[bytes] | None = None
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _schema: str = ""  # of a database that nobody has changed
    _spare: list[str] = field(default_factory=list)  # addresses of databases that are as good as new

    def url(self, database: str) -> str:
        """As SQLAlchemy wants it."""
        return f"postgresql+asyncpg://{_USER}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start; `ready` says when it answers."""
        told = {**_SETTINGS, "synchronous_commit": "on" if self.keeps else "off"}
        settings = [argument for name, value in told.items() for argument in ("-c", f"{name}={value}")]
        command = [_program("postgres"), "-D", str(self.folder / "data"), "-p", str(self.port), *settings]
        with (self.folder / "log").open("ab") as log:
            self._running = subprocess.Popen(_as_nobody_special(command), stdout=log, stderr=log)

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """At once: SIGQUIT asks nobody to finish, which is what a crash looks like to a client."""
        if self._running is not None:
            self._running.send_signal(how)
            self._running.wait(30)
            self._running = None

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Every process of it is held: connections stay open, the machine takes new ones, and nothing is answered."""
        assert self._running is not None
        first = self._running.pid
        os.kill(first, signal.SIGSTOP)  # first, so that it starts no more of them
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        processes = [first, *map(int, children)]
        try:
            for process in processes:
                os.kill(process, signal.SIGSTOP)
            yield
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)

    async def ready(self) -> None:
        """Return when it takes connections."""
        await wait_for_port(self.port)
        while True:
            try:
                connection = await self._connect("postgres")
            except (asyncpg.CannotConnectNowError, ConnectionError):
                await asyncio.sleep(0.02)
            else:
                await connection.close()
                return

    async def empty(self, name: str | None = None) -> str:
        """The address of a new database with nothing in it."""
        return await self._create("template0", name)

    async def migrated(self) -> str:
        """The address of a database with the newest schema and no rows."""
        return self._spare.pop() if self._spare else await self._create(_TEMPLATE)

    async def make_template(self) -> None:
        """Migrate once; copying is faster."""
        await self.empty(_TEMPLATE)
        database = Database(self.url(_TEMPLATE))
        await migrate(database, self.folder)
        await database.close()
        connection = await self._connect(_TEMPLATE)
        self._schema = await connection.fetchval(_SCHEMA)
        await connection.close()  # a template that somebody is connected to is not copied

    async def give_back(self, url: str) -> None:
        """Have the next test use a migrated database, which costs a tenth of a new one; not when it was changed."""
        if await self._emptied(url.rpartition("/")[2]):
            self._spare.append(url)
        else:
            await self.drop(url)

    async def drop(self, url: str) -> None:
        """Forget a database."""
        await self._execute(f'DROP DATABASE "{url.rpartition("/")[2]}" WITH (FORCE)')

    async def _emptied(self, database: str) -> bool:
        connection = await self._connect(database)
        try:
            await connection.execute(_END_OTHERS)
            await connection.execute(_EMPTY)
            return bool(await connection.fetchval(_SCHEMA) == self._schema)
        except asyncpg.PostgresError:
            return False
        finally:
            await connection.close()

    async def _create(self, template: str, name: str | None = None) -> str:
        """By copying files: writing every page of a new database to the log first takes five times as long."""
        name = name or f"test{next(self._numbers)}"
        await self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return self.url(name)

    async def _execute(self, statement: str) -> None:
        connection = await self._connect("postgres")
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def _connect(self, database: str) -> asyncpg.Connection:
        return await asyncpg.connect(host="127.0.0.1", port=self.port, user=_USER, database=database)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A running server, ended by its own process id and removed."""
    with _folder() as folder:
        _make(folder)
        with _running(folder) as made:
            _aside(made.make_template())
            yield made


@contextmanager
def copied(stopped: Path) -> Iterator[Cluster]:
    """Another running server with the files of one that was stopped: quicker than making and migrating it. For tests
    that stop and start it."""
    with _folder() as folder:
        shutil.copytree(stopped, folder, dirs_exist_ok=True)
        for path in (folder, *folder.rglob("*")) if os.geteuid() == 0 else ():
            shutil.chown(path, "postgres", "postgres")
        with _running(folder, keeps=True) as made:
            yield made


@contextmanager
def stopped_cluster() -> Iterator[Path]:
    """The folder of a server that was stopped properly, with a migrated database."""
    with _folder() as folder:
        _make(folder)
        with _running(folder) as made:
            _aside(made.make_template())
            made.stop(signal.SIGINT)
        yield folder


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="haidang-postgresql-"))  # pytest's own folders are closed to other users
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def _running(folder: Path, *, keeps: bool = False) -> Iterator[Cluster]:
    made = Cluster(folder, keeps=keeps)
    made.start()
    try:
        _aside(made.ready())
        yield made
    finally:
        made.stop()


def _aside(task: Coroutine[None, None, None]) -> None:
    """Not in the loop of the test that happens to come first."""
    with ThreadPoolExecutor(1) as aside:
        aside.submit(asyncio.run, task).result()


def _make(folder: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    arguments = ["-D", str(folder / "data"), "-U", _USER, "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]
    command = _as_nobody_special([_program("initdb"), *arguments])
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)


def _program(name: str) -> str:
    folder = programs()
    assert folder is not None, "PostgreSQL is not on this machine: apt install postgresql"
    return str(folder / name)


def _as_nobody_special(command: Sequence[str]) -> list[str]:
    """PostgreSQL refuses to run as root. Its end is ours, also when we are killed."""
    end_with_us = ["setpriv", "--pdeathsig", "SIGQUIT"] if shutil.which("setpriv") else []
    if os.geteuid() == 0:
        end_with_us += ["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
    return [*end_with_us, *command]
