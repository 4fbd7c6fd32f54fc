"""The base map: one GeoJSON document, held ready as it is and packed."""

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

_EMPTY = b'{"type":"FeatureCollection","features":[]}'


@dataclass(frozen=True, slots=True)
class Basemap:
    """The document and its name for caches."""

    plain: bytes
    packed: bytes
    etag: str


def load_basemap(path: Path) -> Basemap:
    """The document in a file; without one, an empty map. Raises OSError."""
    plain = path.read_bytes() if path.exists() else _EMPTY
    return Basemap(plain, gzip.compress(plain, 6), f'"{hashlib.sha256(plain).hexdigest()[:32]}"')
