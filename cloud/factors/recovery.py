"""Recovery codes: for who has lost the phone. Each has 80 random bits, so a plain hash of it gives nothing away."""

import base64
import hashlib
import secrets

HOW_MANY = 10
_BYTES, _GROUP = 10, 4


def new_codes() -> list[str]:
    """As they are written on paper: `xxxx-xxxx-xxxx-xxxx`."""
    return [_spaced(base64.b32encode(secrets.token_bytes(_BYTES)).decode().lower()) for _ in range(HOW_MANY)]


def hash_of(code: str) -> str:
    """What is stored of a code, however it was spaced and whatever its capitals."""
    return hashlib.sha256("".join(code.split()).replace("-", "").lower().encode()).hexdigest()


def _spaced(letters: str) -> str:
    return "-".join(letters[start : start + _GROUP] for start in range(0, len(letters), _GROUP))
