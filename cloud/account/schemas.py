"""One's own account as the console sees it. Times are wall time."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from cloud.factors.schemas import Attestation
from cloud.people.schemas import Language
from protocols.names import Words


class OwnSession(BaseModel):
    """`id` names a session and opens nothing."""

    id: str
    opened_at: datetime | None
    seen_at: datetime | None
    address: str | None
    is_current: bool


class PasskeyOut(BaseModel):
    id: str
    name: str
    added_at: datetime
    used_at: datetime | None


class AccountOut(BaseModel):
    """Who I am here. `totp_since` is set while codes of an authenticator app are asked for."""

    username: str
    display_name: str
    language: Language
    email: str | None
    totp_since: datetime | None
    recovery_left: int
    passkeys: list[PasskeyOut]
    sessions: list[OwnSession]


class Confirmed(BaseModel):
    """With a confirmation of `POST /session/confirm`; who has a second factor gives one of that."""

    model_config = ConfigDict(extra="forbid")

    confirmation: str = Field(min_length=1, max_length=200)


class TotpOffer(BaseModel):
    """The secret for an authenticator app, as text, as its address, and as a picture of it (SVG in a data URI)."""

    secret: str
    uri: str
    picture: str


class TotpCode(BaseModel):
    """The first code, which shows that the app has the secret."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(min_length=1, max_length=40)


class RecoveryCodes(BaseModel):
    """Told this once. Each opens one log-in in place of the other factors."""

    recovery_codes: list[str]


class PasskeyNew(BaseModel):
    """A passkey that a browser has made, and what its owner calls it."""

    model_config = ConfigDict(extra="forbid")

    ticket: str = Field(min_length=1, max_length=200)
    name: Words = Field(min_length=1, max_length=60)
    credential: Attestation


class PasskeyAdded(PasskeyOut):
    """With the first passkey of who has no recovery codes come some, told this once."""

    recovery_codes: list[str] | None


class LanguageIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    language: Language
