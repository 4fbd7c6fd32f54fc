"""The newest values, and how far the live side has read the inbox."""

from typing import Any

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.database import Base


class LatestRow(Base):
    """One device: its newest values, and what the rules remember of it. `at` is event time in Unix seconds."""

    __tablename__ = "latest"

    device: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(64))
    at: Mapped[int] = mapped_column(BigInteger)
    values: Mapped[dict[str, Any]]
    flags: Mapped[dict[str, Any]]
    rules: Mapped[dict[str, Any]]


class CursorRow(Base):
    """What has been read of one inbox, saved with everything that followed from it."""

    __tablename__ = "cursor"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    inbox: Mapped[str] = mapped_column(String(64))
    position: Mapped[int] = mapped_column(BigInteger)
