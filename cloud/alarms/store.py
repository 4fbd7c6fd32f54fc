"""Episodes in the registry."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import desc, select
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.alarms.episode import Episode, Words
from cloud.alarms.tables import EpisodeRow
from cloud.database import first, in_parts, upsert
from cloud.texts import Text
from rules.alarms import State

_AS_THEY_ARE = (
    "id",
    "rule",
    "source",
    "priority",
    "raised_at",
    "returned_at",
    "acked_at",
    "acked_by",
    "comment",
    "cleared_at",
    "longitude",
    "latitude",
)
_WORDS = ("title", "place", "reason", "advice")


async def save(session: AsyncSession, episodes: Sequence[Episode]) -> None:
    """Write episodes, new or changed; first those that are over, for their place may be taken by a new one."""
    rows = sorted(map(_row, episodes), key=lambda row: row["state"] != State.CLEARED)
    await upsert(session, EpisodeRow, rows)


async def load(session: AsyncSession, episode_id: str) -> Episode | None:
    """One episode."""
    row = await session.get(EpisodeRow, episode_id)
    return _episode(row) if row else None


async def load_known(session: AsyncSession, ids: Sequence[str]) -> Mapping[str, Episode]:
    """The episodes whose ids have been given before."""
    known: dict[str, Episode] = {}
    for some in in_parts(ids):
        rows = await session.scalars(select(EpisodeRow).where(EpisodeRow.id.in_(some)))
        known.update((row.id, _episode(row)) for row in rows)
    return known


async def load_open(session: AsyncSession) -> Sequence[Episode]:
    """Every episode that is not over."""
    rows = await session.scalars(select(EpisodeRow).where(EpisodeRow.state != str(State.CLEARED)))
    return [_episode(row) for row in rows]


async def load_newest(session: AsyncSession, limit: int, sees: Callable[[str], bool]) -> Sequence[Episode]:
    """The newest episodes of sources that are seen, over or not, newest first."""
    query = select(EpisodeRow).order_by(desc(EpisodeRow.raised_at))
    return [_episode(row) for row in await first(session, query, limit, lambda row: sees(row.source))]


def _row(episode: Episode) -> dict[str, Any]:
    words = {name: getattr(episode.words, name).model_dump() for name in _WORDS}
    return {**{name: getattr(episode, name) for name in _AS_THEY_ARE}, **words, "state": str(episode.state)}


def _episode(row: EpisodeRow) -> Episode:
    words = Words(*(Text.model_validate(getattr(row, name)) for name in _WORDS))
    return Episode(**{name: getattr(row, name) for name in _AS_THEY_ARE}, state=State(row.state), words=words)
