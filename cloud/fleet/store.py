"""Inventories, devices and edges in the registry."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import desc, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.database import in_parts, upsert
from cloud.fleet.fleet import Device, Fleet
from cloud.fleet.tables import DeviceRow, EdgeRow, InventoryRow


async def load_newest(session: AsyncSession) -> InventoryRow | None:
    """The inventory in force."""
    return await session.scalar(select(InventoryRow).order_by(desc(InventoryRow.version)).limit(1))


async def save(session: AsyncSession, fleet: Fleet, digest: str, document: str, now: datetime) -> int:
    """A new version. Returns how many devices it retires."""
    session.add(InventoryRow(version=fleet.version, hash=digest, imported_at=now, document=document))
    gone = await _living(session) - fleet.devices.keys()
    await upsert(session, DeviceRow, [_row(device) for device in fleet.devices.values()])
    await _retire(session, sorted(gone), now)
    return len(gone)


async def load_edges(session: AsyncSession) -> Sequence[EdgeRow]:
    """What is known of every edge that has ever said anything."""
    return (await session.scalars(select(EdgeRow))).all()


def _row(device: Device) -> dict[str, Any]:
    return {"id": device.id, "kind": device.kind, "edge": device.edge, "retired_at": None}


async def _living(session: AsyncSession) -> set[str]:
    return set(await session.scalars(select(DeviceRow.id).where(DeviceRow.retired_at.is_(None))))


async def _retire(session: AsyncSession, ids: Sequence[str], now: datetime) -> None:
    for some in in_parts(ids):
        await session.execute(update(DeviceRow).where(DeviceRow.id.in_(some)).values(retired_at=now))
