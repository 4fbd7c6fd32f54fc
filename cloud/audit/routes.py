"""The audit log over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from cloud.audit import store
from cloud.audit.schemas import AuditOut
from cloud.database import Database
from cloud.parts import part
from cloud.people.access import needs
from cloud.people.rights import Right

router = APIRouter(prefix="/audit", tags=["audit"], dependencies=[needs(Right.VIEW_AUDIT)])

DatabasePart = Annotated[Database, Depends(part(lambda parts: parts.database))]


@router.get("")
async def look(database: DatabasePart, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[AuditOut]:
    """The newest acts, newest first."""
    async with database.read() as session:
        return [AuditOut.model_validate(row) for row in await store.load_last(session, limit)]
