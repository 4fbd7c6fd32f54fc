"""The audit log in the registry. `append` belongs into the transaction of the act itself."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, desc, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.audit import asking, chain
from cloud.audit.chain import Entry, Link
from cloud.audit.tables import AuditRow, HeadRow
from cloud.database import Database
from protocols.audit_head import AuditHead

_ADVISORY_LOCK = 0x4155_4449  # "AUDI": one appender at a time, also between processes
_AT_ONCE = 1000  # rows in memory, of a log that is read whole


@dataclass(frozen=True, slots=True)
class Search:
    """Which acts; `None` asks for none in particular. `words` stand somewhere in the target or the reason."""

    who: str | None = None
    act: str | None = None
    target: str | None = None
    result: str | None = None
    words: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def asked(self) -> dict[str, str | datetime]:
        """What is asked for in particular."""
        return {name: value for name, value in asdict(self).items() if value is not None}


ALL = Search()


async def append(session: AsyncSession, entry: Entry) -> int:
    """Write one act at the end of the chain, with the address of who is asking; its seq."""
    if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer anyway
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    last = await load_end(session)
    seq, previous = (last.seq + 1, last.hash) if last else (1, chain.START)
    placed = entry if entry.address is not None else replace(entry, address=asking.address())
    session.add(_row(chain.link(seq, placed, previous)))
    await session.flush()
    return seq


async def write_down(database: Database, entry: Entry) -> None:
    """Write one act that changes nothing else in the registry."""
    async with database.write() as session:
        await append(session, entry)


async def load_end(session: AsyncSession) -> Link | None:
    """The last row of the chain."""
    row = await session.scalar(select(AuditRow).order_by(desc(AuditRow.seq)).limit(1))
    return _link(row) if row else None


async def load_last(
    session: AsyncSession, limit: int, search: Search = ALL, before: int | None = None
) -> Sequence[AuditRow]:
    """The newest acts that fit, newest first; only those with a seq below `before`."""
    wanted = list(_conditions(search))
    if before is not None:
        wanted.append(AuditRow.seq < before)
    query = select(AuditRow).where(*wanted).order_by(desc(AuditRow.seq)).limit(limit)
    return (await session.scalars(query)).all()


async def every_link(session: AsyncSession) -> AsyncIterator[Link]:
    """The whole chain from its start, a few rows at a time. Raises ValueError for a row that cannot be read."""
    query = select(AuditRow).order_by(AuditRow.seq).execution_options(yield_per=_AT_ONCE)
    async for row in await session.stream_scalars(query):
        yield _link(row)


async def load_heads(session: AsyncSession) -> Sequence[AuditHead]:
    """Every head that was signed, oldest first. Raises ValueError for one that cannot be read."""
    return [_head(row) for row in await session.scalars(select(HeadRow).order_by(HeadRow.seq))]


async def load_newest_head(session: AsyncSession) -> AuditHead | None:
    """The head of the highest row."""
    row = await session.scalar(select(HeadRow).order_by(desc(HeadRow.seq)).limit(1))
    return _head(row) if row else None


async def save_head(session: AsyncSession, head: AuditHead) -> None:
    """Keep a head."""
    session.add(HeadRow(**head.model_dump(exclude={"v"})))
    await session.flush()


def _conditions(search: Search) -> Sequence[ColumnElement[bool]]:
    same = {AuditRow.who: search.who, AuditRow.act: search.act, AuditRow.target: search.target}
    same |= {AuditRow.result: search.result}
    wanted: list[ColumnElement[bool]] = [column == value for column, value in same.items() if value is not None]
    if search.words:
        found = (column.icontains(search.words, autoescape=True) for column in (AuditRow.target, AuditRow.reason))
        wanted.append(or_(*found))
    if search.since is not None:
        wanted.append(AuditRow.at >= search.since)
    if search.until is not None:
        wanted.append(AuditRow.at < search.until)
    return wanted


def _row(link: Link) -> AuditRow:
    return AuditRow(seq=link.seq, **asdict(link.entry), previous=link.previous, hash=link.hash)


def _link(row: AuditRow) -> Link:
    entry = Entry(row.at, row.who, row.act, row.target, row.reason, row.result, row.parameters, row.address)
    return Link(row.seq, entry, row.previous, row.hash)


def _head(row: HeadRow) -> AuditHead:
    return AuditHead(site=row.site, seq=row.seq, hash=row.hash, at=row.at, key=row.key, signature=row.signature)
