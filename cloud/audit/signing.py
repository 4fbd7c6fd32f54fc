"""The key that signs the audit log's head: Ed25519, made at the first start into a file for its owner only."""

import logging
import os
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from protocols.audit_head import AuditHead

KEY_FILE = "audit.key"  # in the data folder

log = logging.getLogger(__name__)


class BadKey(OSError):
    """The file is there, and is no key of Ed25519."""


class Signer:
    """Signs in the name of one site."""

    def __init__(self, key: Ed25519PrivateKey, site: str) -> None:
        self._key, self._site = key, site
        self.public = key.public_key().public_bytes_raw().hex()

    def sign(self, seq: int, digest: str, at: datetime) -> AuditHead:
        """The head that stands at row `seq` now."""
        whole = at.replace(microsecond=0)
        head = AuditHead(site=self._site, seq=seq, hash=digest, at=whole, key=self.public, signature="0" * 128)
        return head.model_copy(update={"signature": self._key.sign(head.signed_words()).hex()})


def load_signer(path: Path, site: str) -> Signer:
    """With the key of a file. Raises OSError, and BadKey for what is no such key."""
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise BadKey(f"{path}: this is no key in PEM: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BadKey(f"{path}: this is no key of Ed25519")
    return Signer(key, site)


def ensure_signer(path: Path, site: str) -> Signer:
    """With the key of a file, which is made when it is not there. Raises OSError."""
    if not path.exists():
        _write(path, Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        public = load_signer(path, site).public
        log.info("made the key that signs the audit log's head in %s; note its public half elsewhere: %s", path, public)
    return load_signer(path, site)


def is_signed(head: AuditHead) -> bool:
    """True when the head bears the signature of the key that it names."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(head.key)).verify(
            bytes.fromhex(head.signature), head.signed_words()
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def _write(path: Path, pem: bytes) -> None:
    """For its owner only from the first byte on, and whole or not at all."""
    draft = path.with_name(f".{path.name}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
