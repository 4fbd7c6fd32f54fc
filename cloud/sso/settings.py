"""`sign_on:` in cloud.yaml: with whom people may prove who they are."""

import ipaddress
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from protocols.config import ConfigModel
from protocols.inventory import Name
from protocols.names import Id


def is_safe(url: str) -> bool:
    """HTTPS, or HTTP that does not leave this machine; the secret of the client and the codes go there."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if not parts.hostname or parts.username is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _issuer(text: str) -> str:
    if not is_safe(text) or urlsplit(text).query or urlsplit(text).fragment:
        raise ValueError(f"{text!r} is not an issuer; write it as its discovery document does, https://login.example")
    return text


class SignOn(ConfigModel):
    """One provider. The console must be registered there with CONSOLE/api/v1/session/sign-on/ID/return."""

    id: Id
    name: Name = Field(description="what stands on the button")
    issuer: Annotated[str, AfterValidator(_issuer)]
    client_id: str = Field(min_length=1)
    client_secret_file: Path
    claim: Literal["preferred_username", "email"] = Field(
        default="preferred_username", description="what is compared with a person's user name or e-mail the first time"
    )
    ca_file: Path | None = Field(default=None, description="PEM, for a provider whose authority is one's own")

    def placed(self, folder: Path) -> "SignOn":
        """The same with paths that no longer depend on a folder."""
        ca_file = self.ca_file and (folder / self.ca_file).absolute()
        return self.model_copy(
            update={"client_secret_file": (folder / self.client_secret_file).absolute(), "ca_file": ca_file}
        )
