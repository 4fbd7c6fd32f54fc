"""The outbox of messages in the registry."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Update, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.database import in_parts, insert_new
from cloud.notifications.tables import NoticeRow


class State(StrEnum):
    """Where a message stands."""

    WAITING = "waiting"
    SENT = "sent"
    NOT_NEEDED = "not_needed"  # what it would have told of was over before it could be sent


async def put(session: AsyncSession, episode_ids: Sequence[str], recipients: Sequence[str], due_at: datetime) -> None:
    """A message about each episode to each recipient, unless there is one already; one that was given up waits anew."""
    rows = [
        {
            "episode_id": episode_id,
            "recipient": recipient,
            "state": str(State.WAITING),
            "tries": 0,
            "due_at": due_at,
            "ended_at": None,
        }
        for episode_id in episode_ids
        for recipient in recipients
    ]
    again = {"state": str(State.WAITING), "tries": 0, "due_at": due_at, "ended_at": None}
    for some in in_parts(episode_ids):
        given_up = NoticeRow.episode_id.in_(some) & (NoticeRow.state == str(State.NOT_NEEDED))
        await session.execute(update(NoticeRow).where(given_up).values(again))
    await insert_new(session, NoticeRow, rows)


async def load_due(session: AsyncSession, now: datetime, limit: int) -> Sequence[NoticeRow]:
    """What may be sent now, the oldest first."""
    waits = (NoticeRow.state == str(State.WAITING)) & (NoticeRow.due_at <= now)
    return (await session.scalars(select(NoticeRow).where(waits).order_by(NoticeRow.due_at).limit(limit))).all()


async def count_waiting(session: AsyncSession) -> int:
    """How many messages have not been sent yet."""
    return await session.scalar(select(func.count()).where(NoticeRow.state == str(State.WAITING))) or 0


async def end(session: AsyncSession, notice: NoticeRow, state: State, at: datetime) -> None:
    """It has been sent, or need not be."""
    await session.execute(_row(notice).values(state=str(state), ended_at=at))


async def postpone(session: AsyncSession, notice: NoticeRow, due_at: datetime) -> None:
    """Try again later."""
    await session.execute(_row(notice).values(tries=notice.tries + 1, due_at=due_at))


def _row(notice: NoticeRow) -> Update:
    same = (NoticeRow.episode_id == notice.episode_id) & (NoticeRow.recipient == notice.recipient)
    return update(NoticeRow).where(same)
