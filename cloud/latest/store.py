"""Newest values and the live cursor in the registry."""

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.database import upsert
from cloud.fleet.tables import DeviceRow
from cloud.latest.tables import CursorRow, LatestRow
from cloud.latest.values import Latest

_LIVE = "live"

Remembered = Mapping[str, Any]


async def load_latest(session: AsyncSession) -> AsyncIterator[tuple[str, Latest, Remembered]]:
    """Every device with its values and what the rules remember of it."""
    table = LatestRow.__table__.c
    rows = await session.stream(select(table.device, table.kind, table.at, table["values"], table.flags, table.rules))
    async for device, kind, at, values, flags, rules in rows:
        yield device, Latest(kind, at, values, flags), rules


async def save_latest(session: AsyncSession, rows: Iterable[tuple[str, Latest, Remembered]]) -> None:
    """Write what has changed."""
    await upsert(session, LatestRow, [_row(*row) for row in rows])


async def forget_retired(session: AsyncSession) -> None:
    """What the rules remember of devices that are no longer in the city."""
    gone = select(DeviceRow.id).where(DeviceRow.retired_at.is_not(None))
    await session.execute(update(LatestRow).where(LatestRow.device.in_(gone)).values(rules={}))


async def load_position(session: AsyncSession, inbox: str) -> int:
    """How far this inbox has been read; 0 when the position was that of another one."""
    row = await session.get(CursorRow, _LIVE)
    return row.position if row is not None and row.inbox == inbox else 0


async def save_position(session: AsyncSession, inbox: str, position: int) -> None:
    """Everything up to here has been read, and what follows from it is in this transaction."""
    await upsert(session, CursorRow, [{"name": _LIVE, "inbox": inbox, "position": position}])


def _row(device: str, latest: Latest, rules: Remembered) -> dict[str, Any]:
    return {
        "device": device,
        "kind": latest.kind,
        "at": latest.at,
        "values": latest.values,
        "flags": latest.flags,
        "rules": rules,
    }
