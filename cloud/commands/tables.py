"""Every command that was ever issued, the groups that they came in, and what a second person was asked for."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cloud.database import Base


class CommandRow(Base):
    """One command. `action` and `history` are as in the API; `kind` is the action's type, and `sure` what came with it
    (rules/consent.py)."""

    __tablename__ = "command"
    __table_args__ = (
        Index("ix_command_target_issued_at", "target", "issued_at"),
        Index("ix_command_state", "state"),
        Index("ix_command_issued_at", "issued_at"),
        Index("ix_command_group_id", "group_id"),
        Index("ix_command_who_issued_at", "who", "issued_at"),
        Index("ix_command_kind", "kind"),
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
    group_id: Mapped[str | None] = mapped_column(String(64))
    sure: Mapped[str | None] = mapped_column(String(20))
    kind: Mapped[str | None] = mapped_column(String(20))


class GroupRow(Base):
    """One command to many lamps, each of which has a row of its own. `targets` and `action` are as they were asked."""

    __tablename__ = "command_group"
    __table_args__ = (Index("ix_command_group_issued_at", "issued_at"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    who: Mapped[str] = mapped_column(String(200))
    second: Mapped[str | None] = mapped_column(String(200))
    reason: Mapped[str | None] = mapped_column(String(500))
    targets: Mapped[dict[str, Any]]
    action: Mapped[dict[str, Any]]
    lamps: Mapped[int]
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class ConsentRow(Base):
    """A command to very many lamps that waits for a second person, or has been decided. `asked` has the lamps' ids, the
    targets and the action; `wards` are where the lamps stand."""

    __tablename__ = "consent"
    __table_args__ = (Index("ix_consent_asked_at", "asked_at"), Index("ix_consent_state", "state"))

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    who: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(String(500))
    asked: Mapped[dict[str, Any]]
    wards: Mapped[str] = mapped_column(Text)
    lamps: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    second: Mapped[str | None] = mapped_column(String(200))
    decided_at: Mapped[datetime | None]
    group_id: Mapped[str | None] = mapped_column(String(64))
