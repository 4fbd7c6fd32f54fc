"""Groups as they are shown: to everybody as far as they see the lamps."""

from collections import Counter
from collections.abc import Iterable, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.commands import store
from cloud.commands.group_schemas import GroupDetailOut, GroupOut, NotConfirmedOut
from cloud.commands.schemas import ActionOut
from cloud.commands.store import Member
from cloud.commands.tables import GroupRow
from cloud.errors import NotThere
from cloud.fleet.view import View
from protocols.commands import OPEN, Refusal, State


async def one(session: AsyncSession, group_id: str, view: View, most: int) -> GroupDetailOut:
    """A group with those of its lamps that have not confirmed, at most so many. Raises NotThere."""
    row = await store.load_group(session, group_id)
    members = [member for member in await store.load_members(session, group_id) if view.sees(member.target)]
    if row is None or not members:
        raise NotThere(f"there is no group {group_id}")
    open_or_bad = [member for member in members if member.state != State.CONFIRMED]
    shown = shown_as(row, Counter(State(member.state) for member in members))
    return GroupDetailOut(**dict(shown), not_confirmed=[_not_confirmed(member) for member in open_or_bad[:most]])


async def newest(session: AsyncSession, view: View, limit: int) -> Sequence[GroupOut]:
    """The newest of which any lamp is seen, newest first."""
    rows = await store.load_newest_groups(session, limit)
    found: list[GroupOut] = []
    for row in rows:
        states: Counter[State] = Counter()
        for target, state in await store.load_states(session, row.id):
            states[State(state)] += view.sees(target)
        if states.total():
            found.append(shown_as(row, +states))
    return found


def shown_as(row: GroupRow, states: Counter[State]) -> GroupOut:
    """With the states of those lamps that are seen."""
    seen = states.total()
    return GroupOut(
        id=row.id,
        who=row.who,
        second=row.second,
        reason=row.reason,
        targets=row.targets if seen == row.lamps else None,
        action=ActionOut.model_validate({name: row.action.get(name) for name in ActionOut.model_fields}),
        issued_at=row.issued_at,
        expires_at=row.expires_at,
        lamps=seen,
        states=dict(states),
        is_open=_is_any(states, OPEN),
    )


def _is_any(states: Counter[State], wanted: Iterable[State]) -> bool:
    return any(states[state] for state in wanted)


def _not_confirmed(member: Member) -> NotConfirmedOut:
    return NotConfirmedOut(
        id=member.id,
        target=member.target,
        state=State(member.state),
        actual_level=member.actual_level,
        refusal=Refusal(member.refusal) if member.refusal else None,
        wanted_level=member.wanted_level,
        waited_s=member.waited_s,
        detail=member.detail,
    )
