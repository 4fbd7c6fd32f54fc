"""What each city plans, what of it was sent, and what each edge runs by."""

from datetime import datetime

from sqlalchemy import Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cloud.database import Base


class LightDraftRow(Base):
    """The plan that people work at; `plan` is a LightPlan in JSON."""

    __tablename__ = "light_draft"

    site: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int]
    plan: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(200))


class LightReleaseRow(Base):
    """A plan as it was proposed. `members`, in JSON, are the luminaires that each group had when it was sent."""

    __tablename__ = "light_release"

    site: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(20))
    plan: Mapped[str] = mapped_column(Text)
    members: Mapped[str | None] = mapped_column(Text)
    lamps: Mapped[int]
    reason: Mapped[str] = mapped_column(String(500))
    proposed_by: Mapped[str] = mapped_column(String(200))
    proposed_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(String(200))
    decided_at: Mapped[datetime | None]
    decided_because: Mapped[str | None] = mapped_column(String(500))
    sent_by: Mapped[str | None] = mapped_column(String(200))
    sent_at: Mapped[datetime | None]


class LightHeldRow(Base):
    """The document `light` that an edge runs by, as far as it has said so: not always the one that it should hold."""

    __tablename__ = "light_held"

    edge: Mapped[str] = mapped_column(String(64), primary_key=True)
    hash: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
