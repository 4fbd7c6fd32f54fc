"""What providers say, as far as it matters here."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, StrictBool

from cloud.sso.settings import is_safe
from protocols.names import Words


def _endpoint(url: str) -> str:
    if not is_safe(url):
        raise ValueError(f"{url!r} is not an address over HTTPS")
    return url


Endpoint = Annotated[str, AfterValidator(_endpoint)]


class Discovery(BaseModel):
    """The provider's own document (OpenID Connect Discovery 1.0, 3)."""

    issuer: str
    authorization_endpoint: Endpoint
    token_endpoint: Endpoint
    jwks_uri: Endpoint
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)

    @property
    def way_to_authenticate(self) -> str:
        """How we say our secret: in the body only where nothing else is taken."""
        only_post = "client_secret_basic" not in self.token_endpoint_auth_methods_supported
        return "client_secret_post" if only_post else "client_secret_basic"


class Proof(BaseModel):
    """Whom the provider vouches for. `sub` is the one name there that is never given to anybody else."""

    sub: Words = Field(min_length=1, max_length=255)
    preferred_username: Words | None = Field(default=None, max_length=255)
    email: Words | None = Field(default=None, max_length=255)
    email_verified: StrictBool = False

    def name(self, claim: Literal["preferred_username", "email"]) -> str | None:
        """What is compared with a person of ours; an address that nobody has verified is none."""
        if claim == "email":
            return self.email if self.email_verified else None
        return self.preferred_username
