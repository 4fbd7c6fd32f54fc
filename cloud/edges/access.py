"""Which edge is asking? Each has a token of its own; the service keeps no more than its SHA-256."""

import asyncio
import base64
import binascii
import hashlib
import hmac
from pathlib import Path
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from cloud.errors import NotSignedIn
from cloud.parts import part
from cloud.settings import Settings

SettingsPart = Annotated[Settings, Depends(part(lambda parts: parts.settings))]


class EdgeGate:
    """Lets through an edge with its token, as HTTP Basic, and says which it is."""

    async def __call__(self, connection: HTTPConnection, settings: SettingsPart) -> str:
        """The id of the edge that asks. Raises NotSignedIn."""
        edge, token = _credentials(connection.headers.get("authorization", ""))
        known = await asyncio.to_thread(_digest_of, settings.edge_tokens, edge)
        if not hmac.compare_digest(known, hashlib.sha256(token.encode()).hexdigest()):
            raise NotSignedIn("this door is for edges; show the edge's name and token")
        return edge


AskingEdge = Annotated[str, Depends(EdgeGate())]


def _credentials(header: str) -> tuple[str, str]:
    scheme, _, packed = header.partition(" ")
    try:
        text = base64.b64decode(packed, validate=True).decode() if scheme.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    edge, _, token = text.partition(":")
    return edge, token


def _digest_of(file: Path | None, edge: str) -> str:
    """Read anew each time, so that a new edge needs no restart. Nothing has the empty digest."""
    lines = file.read_text("utf-8").splitlines() if file and edge and file.is_file() else []
    return next((line.partition(":")[2] for line in lines if line.partition(":")[0] == edge), "")
