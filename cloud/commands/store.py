"""Commands in the registry."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import desc, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.commands.order import Moment, Order
from cloud.commands.standing import Said, holder
from cloud.commands.tables import CommandRow, GroupRow
from cloud.database import first, in_parts, upsert
from protocols.commands import OPEN, Command, Emergency, LockOut, Override, Refusal, State
from rules.consent import OF_MACHINES, Past, Sure

_MOMENTS: TypeAdapter[list[Moment]] = TypeAdapter(list[Moment])


@dataclass(frozen=True, slots=True)
class Member:
    """How one lamp of a group stands; the words are those of an Order."""

    id: str
    target: str
    state: str
    actual_level: float | None
    active_power: float | None
    refusal: str | None
    wanted_level: float | None
    waited_s: float | None
    detail: str | None


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


async def load_lock_outs(session: AsyncSession) -> Sequence[Order]:
    """Every order that locked a lamp out or unlocked it, oldest first: they have no end."""
    query = select(CommandRow).where(CommandRow.kind.in_(["lock_out", "unlock"]))
    return [_order(row) for row in await session.scalars(query.order_by(CommandRow.issued_at))]


async def load_newest(
    session: AsyncSession, target: str | None, limit: int, sees: Callable[[str], bool]
) -> Sequence[Order]:
    """The newest orders, newest first: of one target, or of all that are seen and that no group was about."""
    query = select(CommandRow).order_by(desc(CommandRow.issued_at), desc(CommandRow.id))
    query = query.where(CommandRow.group_id.is_(None) if target is None else CommandRow.target == target)
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


async def load_past(session: AsyncSession, person: str, since: datetime) -> Sequence[Past]:
    """What a person, and the machines that he has made, have commanded since a moment."""
    machines = f"{person}{OF_MACHINES}"
    his = (CommandRow.who == person) | (func.substr(CommandRow.who, 1, len(machines)) == machines)
    query = select(CommandRow.target, CommandRow.sure).where(CommandRow.issued_at >= since, his)
    rows = await session.execute(query.where(CommandRow.sure != str(Sure.EXEMPT)).distinct())
    return [Past(target, Sure(sure)) for target, sure in rows if sure is not None]


async def load_of_groups(session: AsyncSession, groups: Iterable[str]) -> Sequence[Order]:
    """Every order of some groups."""
    found: list[Order] = []
    for some in in_parts(list(groups)):
        found.extend(
            _order(row) for row in await session.scalars(select(CommandRow).where(CommandRow.group_id.in_(some)))
        )
    return found


async def save_group(session: AsyncSession, group: GroupRow) -> None:
    """Write a new group."""
    session.add(group)
    await session.flush()


async def load_group(session: AsyncSession, group_id: str) -> GroupRow | None:
    """The group with an id."""
    return await session.get(GroupRow, group_id)


async def load_members(session: AsyncSession, group_id: str) -> Sequence[Member]:
    """How every lamp of a group stands, by lamp."""
    columns = [getattr(CommandRow, field.name) for field in fields(Member)]
    rows = await session.execute(select(*columns).where(CommandRow.group_id == group_id).order_by(CommandRow.target))
    return [Member(*row) for row in rows]


async def load_states(session: AsyncSession, group_id: str) -> Sequence[tuple[str, str]]:
    """Every lamp of a group and its state."""
    query = select(CommandRow.target, CommandRow.state).where(CommandRow.group_id == group_id)
    return [(target, state) for target, state in await session.execute(query)]


async def load_held(session: AsyncSession, made_by: str, now: datetime) -> Sequence[str]:
    """The lamps that a command to many or to one still holds, or may hold: its end is to come, it has not failed there,
    and nothing that did not fail there and was issued later has taken its place or stands above it."""
    mine = (CommandRow.group_id == made_by) | (CommandRow.group_id.is_(None) & (CommandRow.id == made_by))
    first = await session.scalar(select(CommandRow).where(mine).limit(1))
    if first is None or not _lasts(first, now):
        return []
    is_lock_out = CommandRow.kind.is_not_distinct_from("lock_out")  # which stays where it could not be confirmed
    done = is_lock_out | CommandRow.state.not_in([str(State.FAILED), str(State.EXPIRED)])
    kind = func.coalesce(CommandRow.kind, CommandRow.action["type"].as_string())
    until = CommandRow.action["until"].as_string()
    query = select(CommandRow.target, kind, until, func.coalesce(CommandRow.group_id, CommandRow.id)).where(
        CommandRow.target.in_(select(CommandRow.target).where(mine)), CommandRow.issued_at >= first.issued_at, done
    )
    said = defaultdict[str, list[Said]](list)
    for target, *word in await session.execute(query.order_by(CommandRow.issued_at, CommandRow.id)):
        said[target].append(Said(*word))
    return [target for target, words in said.items() if holder(words, now) == made_by]


def _lasts(row: CommandRow, now: datetime) -> bool:
    """True of what holds its lamp at a moment, if it has reached it."""
    action = _order(row).command.action
    return isinstance(action, LockOut) or (isinstance(action, Override | Emergency) and action.until > now)


async def load_newest_groups(session: AsyncSession, limit: int) -> Sequence[GroupRow]:
    """The newest groups, newest first."""
    query = select(GroupRow).order_by(desc(GroupRow.issued_at), desc(GroupRow.id)).limit(limit)
    return (await session.scalars(query)).all()


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
        "kind": command.action.type,
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
        "group_id": order.group,
        "sure": str(order.sure),
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
        group=row.group_id,
        sure=Sure(row.sure) if row.sure else Sure.ALONE,
    )
