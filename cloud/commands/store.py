"""Commands in the registry."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import desc, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.commands.order import Moment, Order
from cloud.commands.tables import CommandRow
from cloud.database import first, in_parts, upsert
from protocols.commands import OPEN, Command, Refusal, State

_MOMENTS: TypeAdapter[list[Moment]] = TypeAdapter(list[Moment])


async def save(session: AsyncSession, orders: Sequence[Order]) -> None:
    """Write orders, new or changed."""
    await upsert(session, CommandRow, [_row(order) for order in orders])


async def load(session: AsyncSession, ids: Iterable[str]) -> Mapping[str, Order]:
    """The orders with these ids, as far as there are any."""
    found: dict[str, Order] = {}
    for some in in_parts(list(ids)):
        rows = await session.scalars(select(CommandRow).where(CommandRow.id.in_(some)))
        found.update((row.id, _order(row)) for row in rows)
    return found


async def load_open(session: AsyncSession) -> Sequence[Order]:
    """Every order whose last word is still to come."""
    rows = await session.scalars(select(CommandRow).where(CommandRow.state.in_([str(state) for state in OPEN])))
    return [_order(row) for row in rows]


async def load_confirmed(session: AsyncSession, since: datetime) -> Sequence[Order]:
    """What was confirmed and issued since a moment, oldest first."""
    query = select(CommandRow).where(CommandRow.state == str(State.CONFIRMED), CommandRow.issued_at >= since)
    return [_order(row) for row in await session.scalars(query.order_by(CommandRow.issued_at))]


async def load_newest(
    session: AsyncSession, target: str | None, limit: int, sees: Callable[[str], bool]
) -> Sequence[Order]:
    """The newest orders, of one target or of all that are seen, newest first."""
    query = select(CommandRow).order_by(desc(CommandRow.issued_at), desc(CommandRow.id))
    query = query if target is None else query.where(CommandRow.target == target)
    return [_order(row) for row in await first(session, query, limit, lambda row: sees(row.target))]


async def load_last(session: AsyncSession, targets: Sequence[str]) -> Mapping[str, Order]:
    """The newest order of each target that ever had one."""
    newest = (
        select(CommandRow.target, func.max(CommandRow.issued_at).label("issued_at"))
        .where(CommandRow.target.in_(list(targets)))
        .group_by(CommandRow.target)
        .subquery()
    )
    same = (CommandRow.target == newest.c.target) & (CommandRow.issued_at == newest.c.issued_at)
    rows = await session.scalars(select(CommandRow).join(newest, same).order_by(CommandRow.id))
    return {row.target: _order(row) for row in rows}


async def count_failed(session: AsyncSession, since: datetime, sees: Callable[[str], bool]) -> int:
    """How many commands to targets that are seen were issued since a moment and came to a bad end."""
    bad = [str(state) for state in (State.FAILED, State.EXPIRED, State.UNKNOWN)]
    query = select(CommandRow.target, func.count()).where(CommandRow.state.in_(bad), CommandRow.issued_at >= since)
    rows = await session.execute(query.group_by(CommandRow.target))
    return sum(count for target, count in rows if sees(target))


def _row(order: Order) -> dict[str, Any]:
    command = order.command
    return {
        "id": command.id,
        "target": command.target,
        "edge": order.edge,
        "action": command.action.model_dump(mode="json"),
        "state": str(order.state),
        "who": command.who,
        "reason": order.reason,
        "issued_at": command.issued_at,
        "expires_at": command.expires_at,
        "history": _MOMENTS.dump_python(list(order.history), mode="json"),
        "actual_level": order.actual_level,
        "active_power": order.active_power,
        "refusal": order.refusal,
        "wanted_level": order.wanted_level,
        "waited_s": order.waited_s,
        "detail": order.detail,
    }


def _order(row: CommandRow) -> Order:
    command = Command.model_validate(
        {
            "id": row.id,
            "target": row.target,
            "action": row.action,
            "issued_at": row.issued_at,
            "expires_at": row.expires_at,
            "who": row.who,
        }
    )
    return Order(
        command=command,
        edge=row.edge,
        reason=row.reason,
        history=tuple(_MOMENTS.validate_python(row.history)),
        actual_level=row.actual_level,
        active_power=row.active_power,
        refusal=Refusal(row.refusal) if row.refusal else None,
        wanted_level=row.wanted_level,
        waited_s=row.waited_s,
        detail=row.detail,
    )
