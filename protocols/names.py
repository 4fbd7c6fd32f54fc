"""Ids of sites, edges and devices: letters, digits, `_` and `-`, so that they fit every topic, tag and file name.

And what else is said in words.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

ID_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"
Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("has a NUL in it; take it out")
    return text


Words = Annotated[str, AfterValidator(_without_nul)]  # PostgreSQL keeps every character but this one

_ID = re.compile(ID_PATTERN)


def is_id(text: str) -> bool:
    """True when `text` may name a site, an edge or a device."""
    return _ID.fullmatch(text) is not None
