"""The audit log in the registry. `append` belongs into the transaction of the act itself."""

from collections.abc import Sequence

from sqlalchemy import desc, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.audit import chain
from cloud.audit.chain import Act, Entry, Link
from cloud.audit.tables import AuditRow

_ADVISORY_LOCK = 0x4155_4449  # "AUDI": one appender at a time, also between processes


async def append(session: AsyncSession, entry: Entry) -> None:
    """Write one act at the end of the chain."""
    if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer anyway
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    last = await session.scalar(select(AuditRow).order_by(desc(AuditRow.seq)).limit(1))
    seq, previous = (last.seq + 1, last.hash) if last else (1, chain.START)
    session.add(_row(chain.link(seq, entry, previous)))
    await session.flush()


async def load_last(session: AsyncSession, limit: int) -> Sequence[AuditRow]:
    """The newest acts, newest first."""
    return (await session.scalars(select(AuditRow).order_by(desc(AuditRow.seq)).limit(limit))).all()


async def verify(session: AsyncSession) -> int | None:
    """The seq at which the log has been tampered with, or `None` when it is whole."""
    rows = await session.scalars(select(AuditRow).order_by(AuditRow.seq))
    return chain.first_break(_link(row) for row in rows)


def _row(link: Link) -> AuditRow:
    entry = link.entry
    return AuditRow(
        seq=link.seq,
        at=entry.at,
        who=entry.who,
        act=str(entry.act),
        target=entry.target,
        reason=entry.reason,
        result=entry.result,
        parameters=entry.parameters,
        previous=link.previous,
        hash=link.hash,
    )


def _link(row: AuditRow) -> Link:
    entry = Entry(row.at, row.who, Act(row.act), row.target, row.reason, row.result, row.parameters)
    return Link(row.seq, entry, row.previous, row.hash)
