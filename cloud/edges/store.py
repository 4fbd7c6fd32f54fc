"""The edges' documents in the registry."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.database import upsert
from cloud.edges.tables import DocumentRow


async def load(session: AsyncSession) -> Sequence[DocumentRow]:
    """Every document of every edge."""
    return (await session.scalars(select(DocumentRow).order_by(DocumentRow.edge, DocumentRow.name))).all()


async def save(session: AsyncSession, row: DocumentRow) -> None:
    """Put a document in the place of the one before it."""
    names = [column.name for column in DocumentRow.__table__.columns]
    await upsert(session, DocumentRow, [{name: getattr(row, name) for name in names}])


async def forget(session: AsyncSession, edge: str, name: str) -> None:
    """An edge no longer needs a document."""
    await session.execute(delete(DocumentRow).where(DocumentRow.edge == edge, DocumentRow.name == name))
