"""Seals the secrets of authenticator apps, so that a copy of the registry alone gives nobody's codes away.

The key is a file in the data folder, for its owner only, made at the first start. Without it no code fits any more, and
people come in with a recovery code or a passkey, or an administrator lets them start anew.
"""

import logging
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

KEY_FILE = "factors.key"  # in the data folder

log = logging.getLogger(__name__)


class BadKey(OSError):
    """The file is there, and holds no key."""


class Vault:
    """Seals and opens."""

    def __init__(self, key: bytes) -> None:
        self._key = Fernet(key)

    def seal(self, secret: str) -> str:
        """What may be stored."""
        return self._key.encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str | None:
        """What was sealed; `None` when it was sealed with another key."""
        try:
            return self._key.decrypt(sealed).decode()
        except InvalidToken:
            log.warning("an authenticator's secret was not sealed with %s; its codes fit no more", KEY_FILE)
            return None


def ensure_vault(path: Path) -> Vault:
    """With the key of a file, which is made when it is not there. Raises OSError."""
    if not path.exists():
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "wb") as out:
            out.write(Fernet.generate_key() + b"\n")
            out.flush()
            os.fsync(out.fileno())
    try:
        return Vault(path.read_bytes().strip())
    except ValueError as error:
        raise BadKey(f"{path}: this is no key: {error}") from error
