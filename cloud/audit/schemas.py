"""The audit log as people read it."""

from datetime import datetime
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict

from cloud.audit.chain import Parameters


def _read(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)


class AuditOut(BaseModel):
    """One act; `seq` and `hash` let a reader check the chain.

    `parameters` are those of the act: of a command its id and action, of an acknowledgement the alarm, of a
    configuration the document, of an export what was asked for. `address` is where it came from.
    """

    model_config = ConfigDict(from_attributes=True)

    seq: int
    at: datetime
    who: str
    act: str
    target: str
    reason: str
    result: str
    address: str | None
    parameters: Annotated[Parameters | None, BeforeValidator(_read)]
    hash: str
