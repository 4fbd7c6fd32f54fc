"""Every episode that there ever was, with the words that were true when it was raised."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from cloud.database import Base

_OPEN = text("state != 'cleared'")


class EpisodeRow(Base):
    """One episode. The database itself keeps a second open one of the same rule and source out."""

    __tablename__ = "episode"
    __table_args__ = (
        Index("uq_episode_open", "rule", "source", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_episode_raised_at", "raised_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    rule: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(64))
    priority: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    raised_at: Mapped[datetime]
    returned_at: Mapped[datetime | None]
    acked_at: Mapped[datetime | None]
    acked_by: Mapped[str | None] = mapped_column(String(200))
    comment: Mapped[str | None] = mapped_column(String(500))
    cleared_at: Mapped[datetime | None]
    title: Mapped[dict[str, Any]]
    place: Mapped[dict[str, Any]]
    reason: Mapped[dict[str, Any]]
    advice: Mapped[dict[str, Any]]
    longitude: Mapped[float]
    latitude: Mapped[float]
