"""Tokens of machines. The secret itself is not stored, only its SHA-256."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.database import Base


class TokenRow(Base):
    """What a machine may do in the name of who made the token. Times are wall time; `used_at` is right to the minute.

    `grants` is a list of {"rights": [...], "area": "/city/ward"}.
    """

    __tablename__ = "machine_token"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(32))
    grants: Mapped[list[dict[str, Any]]]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
