"""The registry: SQLAlchemy over SQLite or PostgreSQL, one writer at a time."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

import orjson
from sqlalchemy import JSON, DateTime, Dialect, MetaData, Select, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

log = logging.getLogger(__name__)

Row = TypeVar("Row")
Part = TypeVar("Part")
NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
_AT_ONCE = 5_000  # SQLite takes 32,766 variables in one statement, PostgreSQL one more; either is soon answered
PROMPT_S = 3.0  # for one statement, none of which takes a tenth of it; who looks at a console does not wait for long
PATIENT_S = 60.0  # for one statement on the registry of a whole province; a server that has gone holds us up no longer


class RegistryAway(ConnectionError):
    """PostgreSQL takes no connection now, has cut one on the way, or keeps silent. Any other error of a database is a
    mistake of ours."""


@contextmanager
def left_out_while_away(look: str) -> Iterator[None]:
    """Around one look of many: nothing is lost when the registry is away for it, as the next one sees the same."""
    try:
        yield
    except RegistryAway as error:
        log.warning("%s: the registry does not answer: %s", look, error)


async def _connection(*told: Any, **known: Any) -> Any:
    import asyncpg  # comes with the extra `postgresql`; whose registry is SQLite needs none

    try:
        return await asyncpg.connect(*told, **known)
    except (OSError, asyncpg.PostgresError) as error:
        raise RegistryAway(str(error) or type(error).__name__) from error


def _postgresql(answers_within_s: float) -> Mapping[str, Any]:
    """A server that was restarted costs nobody a transaction, unless one was under way."""
    return {
        "pool_size": 10,
        "max_overflow": 10,
        "pool_timeout": answers_within_s,
        "pool_pre_ping": True,
        "connect_args": {
            "async_creator_fn": _connection,
            "timeout": answers_within_s,
            "command_timeout": answers_within_s,
            "server_settings": {"application_name": "haidang", "timezone": "UTC"},
        },
    }


_SQLITE = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # the inbox forgets what we say we have: it must be on the disk
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=10000",
)


class Instant(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no time zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC, and without a zone where the database knows none."""
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Always with its zone."""
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class Base(DeclarativeBase):
    """The tables of the registry."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: Instant, dict[str, Any]: JSON, list[dict[str, Any]]: JSON}  # noqa: RUF012


class Database:
    """Short reads beside one writer.

    `write` is a transaction that commits at its end. Only one runs at a time in this process: SQLite has one writer
    anyway, and what is kept in memory can follow each commit in order. Both raise RegistryAway.

    A statement has `prompt_s` to be answered, so that a server that hangs is soon known to be away. Who is `patient`
    asks for much at once, and nobody looks on: the start of the service, an import, a search through years.
    """

    def __init__(self, url: str, prompt_s: float = PROMPT_S) -> None:
        self.engine = _engine(url, PATIENT_S)
        self.prompt = self.engine if self.engine.dialect.name == "sqlite" else _engine(url, prompt_s)
        self._reads = {False: _reading(self.prompt), True: _reading(self.engine)}
        self._writes = {False: _writing(self.prompt), True: _writing(self.engine)}
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def read(self, *, patient: bool = False) -> AsyncIterator[AsyncSession]:
        """A look at what has been committed."""
        async with self._reads[patient]() as session:
            await _connected(session)
            yield session

    @asynccontextmanager
    async def write(self, *, patient: bool = False) -> AsyncIterator[AsyncSession]:
        """A transaction; an exception rolls it back."""
        async with self._turn, self._writes[patient].begin() as session:
            await _connected(session)
            yield session

    async def close(self) -> None:
        """Let go of every connection."""
        await self.engine.dispose()
        await self.prompt.dispose()


async def upsert(session: AsyncSession, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, or overwrite those whose primary key is there."""
    if not rows:
        return
    insert, keys = _insert(session, table)
    rest = {name: insert.excluded[name] for name in rows[0] if name not in keys}
    for some in in_parts(rows):
        await session.execute(insert.on_conflict_do_update(index_elements=keys, set_=rest), some)


async def insert_new(session: AsyncSession, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert those of the rows whose primary key is not there."""
    if not rows:
        return
    insert, keys = _insert(session, table)
    for some in in_parts(rows):
        await session.execute(insert.on_conflict_do_nothing(index_elements=keys), some)


def in_parts(many: Sequence[Part]) -> Iterator[Sequence[Part]]:
    """Some ids or rows after the other, as many together as a statement may ask for, and soon be answered."""
    return (many[start : start + _AT_ONCE] for start in range(0, len(many), _AT_ONCE))


async def first(session: AsyncSession, query: Select[Row], most: int, wanted: Callable[[Row], bool]) -> list[Row]:
    """The first rows of a query that are wanted; no more is read than it takes to find them."""
    found: list[Row] = []
    rows = await session.stream_scalars(query.execution_options(yield_per=most))
    try:
        async for row in rows:
            if wanted(row):
                found.append(row)
            if len(found) == most:
                break
    finally:
        await rows.close()
    return found


def _insert(session: AsyncSession, table: type[Base]) -> tuple[sqlite.Insert | postgresql.Insert, list[str]]:
    core = Base.metadata.tables[table.__tablename__]
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(core), [column.name for column in core.primary_key]


def _reading(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Every look sees one state of the registry from its first to its last statement; SQLite gives that anyway."""
    is_sqlite = engine.dialect.name == "sqlite"
    looking = engine if is_sqlite else engine.execution_options(isolation_level="REPEATABLE READ")
    return async_sessionmaker(looking, expire_on_commit=False)


def _writing(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    return async_sessionmaker(engine.execution_options(writes=True), expire_on_commit=False)


async def _connected(session: AsyncSession) -> None:
    """Have a connection that answers. Raises RegistryAway."""
    try:
        await session.connection()
    except (TimeoutError, NoConnectionFree) as error:  # of the driver, when one is tried, and of the pool
        raise RegistryAway("it keeps silent") from error


def _engine(url: str, answers_within_s: float) -> AsyncEngine:
    engine = create_async_engine(
        url,
        **({} if url.startswith("sqlite") else _postgresql(answers_within_s)),
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
        hide_parameters=True,  # an error's text must not carry a password's hash into the log
    )
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", _prepare)
        event.listen(engine.sync_engine, "begin", _begin)
        event.listen(engine.sync_engine, "invalidate", _undo)
    else:
        event.listen(engine.sync_engine, "handle_error", _away)
    return engine


def _away(context: ExceptionContext) -> RegistryAway | None:
    """A connection on which a statement is not answered is as good as lost: it is let go like one that is. So is that
    of a task that is cancelled, but that is no word about the registry."""
    error = context.original_exception
    if isinstance(error, TimeoutError):
        context.is_disconnect = True
        return RegistryAway("it keeps silent")
    is_tried = context.is_pre_ping  # and replaced by a new one
    if context.is_disconnect and not is_tried and isinstance(error, Exception):
        return RegistryAway(str(error).partition("\n")[0])
    return None


def _prepare(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own: see _begin
    cursor = connection.cursor()
    for pragma in _SQLITE:
        cursor.execute(pragma)
    cursor.close()


def _undo(connection: Any, _record: object, _error: object) -> None:
    """Before the connection of a cancelled task is closed: with a row still to be read, SQLite would keep it, and its
    place as the one writer, for as long as anybody remembers the cursor."""
    with suppress(Exception):  # it is closed next
        connection.rollback()


def _begin(connection: Connection) -> None:
    """A writer takes its place at once: a reader that turns writer half-way is refused without waiting."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
