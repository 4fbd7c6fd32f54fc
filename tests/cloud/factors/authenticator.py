"""An authenticator in software: keys of P-256 that sign what a browser would let them sign, or what a thief would."""

import hashlib
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cbor2
import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

# Flags of authenticator data: WebAuthn, section 6.1.
UP, UV, AT = 0x01, 0x04, 0x40


def b64(raw: bytes) -> str:
    """Base64url without padding, as browsers write it."""
    return urlsafe_b64encode(raw).decode().rstrip("=")


def unb64(text: str) -> bytes:
    """Back."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(slots=True)
class Key:
    """A passkey for a host, with its counter."""

    host: str
    handle: bytes
    secret: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: secrets.token_bytes(20))
    count: int = 0

    def cose(self) -> bytes:
        """The public half: RFC 9053, section 7.1.1."""
        point = self.secret.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})


@dataclass(slots=True)
class Authenticator:
    """A phone with passkeys, and the browser in front of it. `flags` say that somebody was there and unlocked it."""

    origin: str
    flags: int = UP | UV
    keys: list[Key] = field(default_factory=list)

    def make(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """`navigator.credentials.create`."""
        key = Key(options["rp"]["id"], unb64(options["user"]["id"]))
        self.keys.append(key)
        kept = bytes(16) + len(key.id).to_bytes(2, "big") + key.id + key.cose()
        data = _data(key.host, self.flags | AT, key.count) + kept
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"])
        return _credential(key, {"clientDataJSON": b64(client), "attestationObject": b64(attestation)})

    def sign(self, options: Mapping[str, Any], key: Key | None = None, host: str | None = None) -> dict[str, Any]:
        """`navigator.credentials.get`, with the newest key."""
        used = key or self.keys[-1]
        used.count += 1
        data = _data(host or used.host, self.flags, used.count)
        client = self._client("webauthn.get", options["challenge"])
        signature = used.secret.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return _credential(
            used,
            {
                "clientDataJSON": b64(client),
                "authenticatorData": b64(data),
                "signature": b64(signature),
                "userHandle": b64(used.handle),
            },
        )

    def _client(self, what: str, challenge: str) -> bytes:
        return orjson.dumps({"type": what, "challenge": challenge, "origin": self.origin, "crossOrigin": False})


def _data(host: str, flags: int, count: int) -> bytes:
    return hashlib.sha256(host.encode()).digest() + bytes([flags]) + count.to_bytes(4, "big")


def _credential(key: Key, response: dict[str, str]) -> dict[str, Any]:
    own = {"id": b64(key.id), "rawId": b64(key.id), "type": "public-key", "response": response}
    return {**own, "authenticatorAttachment": "platform", "clientExtensionResults": {}}
