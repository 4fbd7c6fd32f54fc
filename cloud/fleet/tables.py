"""The inventories that were imported, every device that there ever was, and the edges."""

from datetime import datetime
from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cloud.database import Base


class InventoryRow(Base):
    """One city's inventory as it was imported. Versions count over all cities; of each at most one is in force.

    `file_hash` is of the file that was last read: until that changes, what people have changed since stands above it.
    """

    __tablename__ = "inventory"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    site: Mapped[str] = mapped_column(String(64))
    in_force: Mapped[bool]
    hash: Mapped[str] = mapped_column(String(64))
    file_hash: Mapped[str | None] = mapped_column(String(64))
    imported_at: Mapped[datetime]
    document: Mapped[str] = mapped_column(Text)


class DeviceRow(Base):
    """Something with an id. It stays when it has gone from the inventory, for what the history says of it."""

    __tablename__ = "device"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(64))
    edge: Mapped[str] = mapped_column(String(64))
    retired_at: Mapped[datetime | None]


class EdgeRow(Base):
    """What an edge last said of itself."""

    __tablename__ = "edge"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    state: Mapped[str] = mapped_column(String(10))
    since: Mapped[datetime | None]
    epoch: Mapped[str | None] = mapped_column(String(64))
    software: Mapped[str | None] = mapped_column(String(64))
    last_batch_at: Mapped[datetime | None]
    documents: Mapped[list[dict[str, Any]]]
    refused: Mapped[list[dict[str, Any]]]
