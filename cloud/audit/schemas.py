"""The audit log as people read it."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class AuditOut(BaseModel):
    """One act; `seq` and `hash` let a reader check the chain."""

    model_config = ConfigDict(from_attributes=True)

    seq: int
    at: datetime
    who: str
    act: str
    target: str
    reason: str
    result: str
    hash: str
