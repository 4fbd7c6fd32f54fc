"""Self-tests in the registry."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import desc, select
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.database import upsert
from cloud.self_tests.tables import SelfTestRow


async def save(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Each luminaire's newest."""
    if rows:
        await upsert(session, SelfTestRow, [dict(row) for row in rows])


async def load_results(session: AsyncSession) -> Sequence[tuple[str, str]]:
    """How it ended, of all luminaires, the newest first."""
    query = select(SelfTestRow.lamp, SelfTestRow.result).order_by(desc(SelfTestRow.tested_at), SelfTestRow.lamp)
    return [(lamp, result) for lamp, result in await session.execute(query)]


async def load(session: AsyncSession, lamps: Sequence[str]) -> Sequence[SelfTestRow]:
    """Of these luminaires, in their order."""
    rows = {row.lamp: row for row in await session.scalars(select(SelfTestRow).where(SelfTestRow.lamp.in_(lamps)))}
    return [rows[lamp] for lamp in lamps if lamp in rows]


async def load_tries(session: AsyncSession) -> Mapping[str, tuple[datetime, bool]]:
    """When a test of each luminaire ended last, and whether it was done."""
    rows = await session.execute(select(SelfTestRow.lamp, SelfTestRow.tested_at, SelfTestRow.result))
    return {lamp: (at, result != "not_done") for lamp, at, result in rows}
