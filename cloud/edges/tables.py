"""The documents that each edge should hold."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cloud.database import Base


class DocumentRow(Base):
    """One document of one edge, as it was put last; `hash` is the SHA-256 of its text in UTF-8."""

    __tablename__ = "edge_document"

    edge: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    hash: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(64))
