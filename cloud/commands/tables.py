"""Every command that was ever issued."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.database import Base


class CommandRow(Base):
    """One command. `action` and `history` are as in the API."""

    __tablename__ = "command"
    __table_args__ = (
        Index("ix_command_target_issued_at", "target", "issued_at"),
        Index("ix_command_state", "state"),
        Index("ix_command_issued_at", "issued_at"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    target: Mapped[str] = mapped_column(String(64))
    edge: Mapped[str] = mapped_column(String(64))
    action: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(20))
    who: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str | None] = mapped_column(String(500))
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    history: Mapped[list[dict[str, Any]]]
    actual_level: Mapped[float | None]
    active_power: Mapped[float | None]
    refusal: Mapped[str | None] = mapped_column(String(40))
    wanted_level: Mapped[float | None]
    waited_s: Mapped[float | None]
    detail: Mapped[str | None] = mapped_column(String(500))
