"""Ids of sites, edges and devices: letters, digits, `_` and `-`, so that they fit every topic, tag and file name."""

import re
from typing import Annotated

from pydantic import StringConstraints

ID_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"
Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]

_ID = re.compile(ID_PATTERN)


def is_id(text: str) -> bool:
    """True when `text` may name a site, an edge or a device."""
    return _ID.fullmatch(text) is not None
