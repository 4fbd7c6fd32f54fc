"""Ways in, as the console sees them."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Kind = Literal["totp", "recovery", "passkey"]


class SignOnName(BaseModel):
    """A name in both languages."""

    vi: str
    en: str


class SignOnWay(BaseModel):
    """Somebody else who says who one is: `GET /session/sign-on/{id}`."""

    id: str
    name: SignOnName


class WaysOut(BaseModel):
    """How one may come in here. `passkey` is false where a browser would take none: see `cloud/factors/party.py`."""

    password: bool
    passkey: bool
    reset: bool
    sign_on: list[SignOnWay]


class FactorWanted(BaseModel):
    """The password was right, and alone it opens nothing. The ticket is good for one log-in, until then (wall time)."""

    ticket: str
    factors: list[Kind]
    expires_at: datetime


class CodeIn(BaseModel):
    """Six digits of the authenticator app, else a recovery code. Spaces and hyphens do not count."""

    model_config = ConfigDict(extra="forbid")

    ticket: str = Field(min_length=1, max_length=200)
    code: str = Field(min_length=1, max_length=40)


class ConfirmIn(BaseModel):
    """One proof: the password, or a code."""

    model_config = ConfigDict(extra="forbid")

    password: str | None = Field(default=None, min_length=1, max_length=200)
    code: str | None = Field(default=None, min_length=1, max_length=40)

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.password is None) == (self.code is None):
            raise ValueError("give the password or a code")
        return self


class ConfirmationOut(BaseModel):
    """Good for one act of this session, until then (wall time)."""

    confirmation: str
    expires_at: datetime
