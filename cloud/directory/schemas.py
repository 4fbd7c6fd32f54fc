"""People and their sessions as those see them who are responsible for them."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from cloud.people.schemas import GrantOut, Language
from protocols.names import Words

# One address, and nothing that means more to a mail server or an address line.
Email = Annotated[str, Field(max_length=254, pattern=r"^[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$")]


class PersonIn(BaseModel):
    """Somebody new. A user name has letters, digits, dots, `@`, `_` and `-`."""

    model_config = ConfigDict(extra="forbid")

    username: str = Field(pattern=r"^[\w.@-]{1,32}$")
    display_name: Words = Field(min_length=1, max_length=120)
    language: Language = "vi"
    email: Email | None = None
    grants: list[GrantOut] = Field(min_length=1, max_length=50)


class EmailIn(BaseModel):
    """Where a link goes when the password was forgotten; `null` for nowhere."""

    model_config = ConfigDict(extra="forbid")

    email: Email | None


class GrantsIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    grants: list[GrantOut] = Field(min_length=1, max_length=50)


class StandingIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    disabled: bool


class PersonOut(BaseModel):
    """`grants` are those that reach into the areas of who asks."""

    username: str
    display_name: str
    language: Language
    disabled: bool
    email: str | None
    grants: list[GrantOut]


class InvitedOut(PersonOut):
    """The password is told this once; the first thing that it opens is the choice of another."""

    one_time_password: str
    password_until: datetime


class OpenSessionOut(BaseModel):
    """`id` names a session and opens nothing. Times are wall time; `seen_at` is right to the minute."""

    id: str
    username: str
    opened_at: datetime | None
    seen_at: datetime | None
    expires_at: datetime
    address: str | None
