"""One attempt to sign on, bound to one browser."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field

_LEAST = 32  # characters of a secret


@dataclass(frozen=True, slots=True)
class Flow:
    """Everything about an attempt comes from a secret that only the browser keeps, so nothing is kept here.

    `state` comes back through the browser's address and `nonce` inside the signed token; `verifier` goes from us to
    the provider alone (RFC 7636). None of them says anything about the others or the secret, nor fits another provider.
    """

    provider: str
    secret: str = field(repr=False)

    @property
    def state(self) -> str:
        """What the provider hands back unread."""
        return self._derived("state")

    @property
    def nonce(self) -> str:
        """What the provider signs."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """What the provider has seen the SHA-256 of; 43 letters."""
        return self._derived("verifier")

    def is_mine(self, state: str) -> bool:
        """True for the state that this browser was sent away with; without a secret anybody could make one up."""
        return len(self.secret) >= _LEAST and hmac.compare_digest(self.state.encode(), state.encode("utf-8", "replace"))

    def _derived(self, what: str) -> str:
        told = hmac.digest(self.secret.encode("utf-8", "replace"), f"{what}:{self.provider}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(told).rstrip(b"=").decode()
