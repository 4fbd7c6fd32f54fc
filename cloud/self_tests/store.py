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


async def load(session: AsyncSession) -> Sequence[SelfTestRow]:
    """Of all luminaires, the newest first."""
    return (await session.scalars(select(SelfTestRow).order_by(desc(SelfTestRow.tested_at), SelfTestRow.lamp))).all()


async def load_tested_at(session: AsyncSession) -> Mapping[str, datetime]:
    """When each luminaire was measured last; a test that was not done does not count."""
    done = select(SelfTestRow.lamp, SelfTestRow.tested_at).where(SelfTestRow.result != "not_done")
    rows = await session.execute(done)
    return {row.lamp: row.tested_at for row in rows}
