"""How the last self-test of each luminaire ended."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.database import Base


class SelfTestRow(Base):
    """One luminaire. `why` is a refusal or a finding of rules/self_test.py; `points` are as in the API."""

    __tablename__ = "self_test"
    __table_args__ = (Index("ix_self_test_tested_at", "tested_at"),)

    lamp: Mapped[str] = mapped_column(String(64), primary_key=True)
    edge: Mapped[str] = mapped_column(String(64))
    tested_at: Mapped[datetime]
    result: Mapped[str] = mapped_column(String(20))
    why: Mapped[str | None] = mapped_column(String(40))
    points: Mapped[list[dict[str, Any]]]
    command: Mapped[str] = mapped_column(String(64))
