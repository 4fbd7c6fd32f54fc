"""People, what they were granted, and their sessions. A session's own secret is not stored, only its SHA-256."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.database import Base


class PersonRow(Base):
    """Somebody who may sign in, until `disabled_at`. A forgotten password is made good through `email`.

    `password_until` is set while the password is one that was given to them: it fits once, until then (wall time).
    """

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(2))
    password_hash: Mapped[str] = mapped_column(String(200))
    disabled_at: Mapped[datetime | None]
    password_until: Mapped[datetime | None]
    email: Mapped[str | None] = mapped_column(String(254))


class GrantRow(Base):
    """A role over an area, whose path is that of `rules/areas.py`."""

    __tablename__ = "person_grant"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)
    area: Mapped[str] = mapped_column(String(130), primary_key=True)


class SessionRow(Base):
    """One browser that is signed in; its times are wall time. Those from before version 10 say less of themselves.

    It ends at `expires_at`, and at `idle_until` if nobody does anything until then. `seen_at` is right to the minute.
    """

    __tablename__ = "session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    opened_at: Mapped[datetime | None]
    address: Mapped[str | None] = mapped_column(String(64))
    seen_at: Mapped[datetime | None]
    idle_until: Mapped[datetime | None]


class KnownRow(Base):
    """A network or a browser from which somebody has signed in (`devices.py`), at last at `seen_at` (wall time)."""

    __tablename__ = "known_device"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    seen_at: Mapped[datetime]
