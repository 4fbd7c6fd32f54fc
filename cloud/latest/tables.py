"""The newest values, and how far the live side has read the inbox."""

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.database import Base


class LatestRow(Base):
    """The devices of an edge that are of one kind: cloud/latest/documents.py says what the document holds."""

    __tablename__ = "latest"

    edge: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(64), primary_key=True)
    document: Mapped[bytes]


class CursorRow(Base):
    """What has been read of one inbox, saved with everything that followed from it."""

    __tablename__ = "cursor"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    inbox: Mapped[str] = mapped_column(String(64))
    position: Mapped[int] = mapped_column(BigInteger)
