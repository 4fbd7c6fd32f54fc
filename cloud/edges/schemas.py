"""The edges' documents as the console sees them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from protocols.names import Words
from rules.edge_settings import LARGEST

Standing = Literal["waiting", "held", "refused"]


class DocumentIn(BaseModel):
    """The text of a document; for `settings` YAML as docs/edge.md tells it."""

    text: Words = Field(max_length=LARGEST)


class DocumentOut(BaseModel):
    """A document that an edge should hold. `refused` has the edge's reason; what it held before stays in force."""

    name: str
    hash: str
    text: str
    since: datetime
    who: str
    state: Standing
    reason: str | None
