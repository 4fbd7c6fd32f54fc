"""Tokens of machines as the console shows them. Times are wall time."""

from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from cloud.people.rights import Right
from cloud.people.schemas import AreaPath


class Scope(BaseModel):
    """Rights over an area."""

    model_config = ConfigDict(extra="forbid")

    rights: list[Right] = Field(min_length=1, max_length=len(Right))
    area: AreaPath


class TokenIn(BaseModel):
    """A name has letters, digits, dots, `_` and `-`: it stands in the audit log behind that of who made the token."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=r"^[\w.-]{1,30}$")
    grants: list[Scope] = Field(min_length=1, max_length=20)
    expires_at: AwareDatetime


class TokenOut(BaseModel):
    """`who` stands in the audit log; `last_used_at` is right to the minute."""

    id: str
    name: str
    made_by: str
    who: str
    grants: list[Scope]
    made_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


class MadeOut(TokenOut):
    """The token is told this once."""

    token: str
