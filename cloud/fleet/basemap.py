"""The base map of all cities: one GeoJSON document, held ready as it is and packed."""

import gzip
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from protocols.config import ConfigError, Problem

_EMPTY = b'{"type":"FeatureCollection","features":[]}'


@dataclass(frozen=True, slots=True)
class Basemap:
    """The document and its name for caches."""

    plain: bytes
    packed: bytes
    etag: str


def load_basemap(files: Sequence[Path]) -> Basemap:
    """The document in a file, or the features of several; without one, an empty map. Raises OSError and ConfigError."""
    there = [file for file in files if file.exists()]
    plain = there[0].read_bytes() if len(there) == 1 else _together(there) if there else _EMPTY
    return ready(plain)


def ready(plain: bytes) -> Basemap:
    """A document as it is sent."""
    return Basemap(plain, gzip.compress(plain, 6), f'"{hashlib.sha256(plain).hexdigest()[:32]}"')


def _together(files: Sequence[Path]) -> bytes:
    features = [feature for file in files for feature in _features(file)]
    return orjson.dumps({"type": "FeatureCollection", "features": features})


def _features(file: Path) -> list[Any]:
    try:
        return list(orjson.loads(file.read_bytes())["features"])
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise ConfigError([Problem(str(file), 1, "", "not a GeoJSON FeatureCollection")]) from error
