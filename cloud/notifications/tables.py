"""Messages that wait to be sent, and those that were."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.database import Base


class NoticeRow(Base):
    """One message about one episode to one person: never two. `due_at` and `ended_at` are wall time."""

    __tablename__ = "notice"
    __table_args__ = (Index("ix_notice_state_due_at", "state", "due_at"),)

    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id"), primary_key=True)
    recipient: Mapped[str] = mapped_column(String(200), primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    tries: Mapped[int]
    due_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
