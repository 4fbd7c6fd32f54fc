"""Ways in, as the console sees them."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

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


Bytes64 = Annotated[str, Field(max_length=8000, pattern=r"^[A-Za-z0-9_-]*$")]  # base64url


class _OfBrowser(BaseModel):
    """What `PublicKeyCredential.toJSON()` gives; browsers say more than is looked at."""

    model_config = ConfigDict(populate_by_name=True)

    def as_sent(self) -> dict[str, Any]:
        """By the names of the standard."""
        return self.model_dump(by_alias=True)


class AssertionResponse(_OfBrowser):
    client_data: Bytes64 = Field(alias="clientDataJSON")
    authenticator_data: Bytes64 = Field(alias="authenticatorData")
    signature: Bytes64
    user_handle: Bytes64 | None = Field(default=None, alias="userHandle")


class AttestationResponse(_OfBrowser):
    client_data: Bytes64 = Field(alias="clientDataJSON")
    attestation: Annotated[str, Field(max_length=40_000)] = Field(alias="attestationObject")


class Assertion(_OfBrowser):
    """Something signed with a passkey."""

    id: Bytes64
    raw_id: Bytes64 = Field(alias="rawId")
    type: Literal["public-key"]
    response: AssertionResponse


class Attestation(_OfBrowser):
    """A passkey that was made."""

    id: Bytes64
    raw_id: Bytes64 = Field(alias="rawId")
    type: Literal["public-key"]
    response: AttestationResponse


class PasskeyWanted(BaseModel):
    """With the ticket of the first step, else for the whole log-in."""

    model_config = ConfigDict(extra="forbid")

    ticket: str | None = Field(default=None, min_length=1, max_length=200)


class PasskeyOptions(BaseModel):
    """`options` are for `navigator.credentials`, as its `parse…OptionsFromJSON` takes them."""

    ticket: str
    options: dict[str, Any]


class PasskeyIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ticket: str = Field(min_length=1, max_length=200)
    credential: Assertion


class ConfirmIn(BaseModel):
    """One proof: the password, a code, or a passkey with the ticket of `POST /session/passkey/options`."""

    model_config = ConfigDict(extra="forbid")

    password: str | None = Field(default=None, min_length=1, max_length=200)
    code: str | None = Field(default=None, min_length=1, max_length=40)
    ticket: str | None = Field(default=None, min_length=1, max_length=200)
    credential: Assertion | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        proofs = [self.password, self.code, self.credential]
        if sum(proof is not None for proof in proofs) != 1 or (self.ticket is None) != (self.credential is None):
            raise ValueError("give the password, or a code, or a credential with its ticket")
        return self


class ConfirmationOut(BaseModel):
    """Good for one act of this session, until then (wall time)."""

    confirmation: str
    expires_at: datetime
