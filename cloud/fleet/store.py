"""Inventories, devices and edges in the registry."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.database import in_parts, upsert
from cloud.fleet.fleet import Device, Fleet
from cloud.fleet.tables import DeviceRow, EdgeRow, InventoryRow


async def load_in_force(session: AsyncSession) -> Mapping[str, InventoryRow]:
    """The inventories in force, by site."""
    rows = await session.scalars(select(InventoryRow).where(InventoryRow.in_force))
    return {row.site: row for row in rows}


async def load_last_version(session: AsyncSession) -> int:
    """The highest version there ever was, 0 before the first."""
    return await session.scalar(select(func.max(InventoryRow.version))) or 0


async def save_devices(session: AsyncSession, fleet: Fleet, now: datetime) -> int:
    """What stands in the fleet from now on. Returns how many devices are retired."""
    gone = await _living(session) - fleet.devices.keys()
    await upsert(session, DeviceRow, [_row(device) for device in fleet.devices.values()])
    await _retire(session, sorted(gone), now)
    return len(gone)


async def put_in_force(session: AsyncSession, site: str, document: str, digest: str, now: datetime) -> int:
    """In place of the inventory that a site has, a new version, which does not come from the file."""
    held, version = (await load_in_force(session))[site], await load_last_version(session) + 1
    held.in_force = False
    known = {"version": version, "site": site, "in_force": True, "imported_at": now, "document": document}
    session.add(InventoryRow(**known, hash=digest, file_hash=held.file_hash))
    return version


async def change_devices(session: AsyncSession, changed: Sequence[Device], gone: Sequence[str], now: datetime) -> None:
    """Write down what is new or another edge's, and retire what has gone."""
    await upsert(session, DeviceRow, [_row(device) for device in changed])
    await _retire(session, gone, now)


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
