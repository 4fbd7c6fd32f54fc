"""The head of the cloud's audit log as it is signed, kept in the cloud and on the edges, and shown."""

from collections.abc import Iterator
from typing import Literal

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from protocols.names import Id
from protocols.wire import WireError, decode_message, encode_message

_LAST_SEQ = 2**31 - 1  # the registry's


class AuditHead(BaseModel):
    """At `at` (wall time) row `seq` of the log of `site` had this hash. `key` is the public key of Ed25519 (RFC 8032)
    by which `signature` is checked; all of them are in hex."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    v: Literal[1] = 1
    site: Id
    seq: int = Field(ge=1, le=_LAST_SEQ)
    hash: str = Field(pattern=r"^[0-9a-f]{64}$")
    at: AwareDatetime
    key: str = Field(pattern=r"^[0-9a-f]{64}$")
    signature: str = Field(pattern=r"^[0-9a-f]{128}$")

    def signed_words(self) -> bytes:
        """What the signature is over: everything but itself, the moment in whole seconds."""
        return orjson.dumps(["haidang audit head", self.v, self.site, self.seq, self.hash, int(self.at.timestamp())])


class NotHeads(ValueError):
    """A file that is not one of heads; names file and line."""


def in_line(head: AuditHead) -> str:
    """A head as a file of them keeps it."""
    return encode_message(head).decode() + "\n"


def heads_of(text: str, file: str) -> Iterator[AuditHead]:
    """Those of a file, a line each. Raises NotHeads."""
    for number, line in enumerate(text.splitlines(), 1):
        try:
            yield decode_message(AuditHead, line.encode())
        except WireError as error:
            raise NotHeads(f"{file}:{number}: this is no signed head: {error}") from error
