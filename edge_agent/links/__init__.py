"""What devices hang on. A link speaks to one address and says in these words what went wrong:

LinkError
  Unreachable   no connection: nothing behind this address can be asked
  NoAnswer      connected, but this unit was silent
  Refused       the unit answered that it will not
  Garbled       an answer came that does not belong to the question
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from protocols.modbus.plan import Block

ILLEGAL_ADDRESS, ILLEGAL_VALUE = 2, 3
WRITE_ONE, WRITE_SEVERAL = 6, 16  # function codes: one holding register, or several

# Modbus Application Protocol V1.1b3, section 7
_EXCEPTIONS: Mapping[int, str] = {
    1: "illegal function",
    ILLEGAL_ADDRESS: "illegal address",
    ILLEGAL_VALUE: "illegal value",
    4: "device failure",
    5: "accepted, but needs a long time",
    6: "busy",
    8: "memory parity error",
}


class LinkError(Exception):
    """A request that brought no answer to use. `code` is the Modbus exception code, where somebody gave one."""

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class Unreachable(LinkError):
    """There is no connection."""


class NoAnswer(LinkError):
    """The unit was silent."""


class Refused(LinkError):
    """The unit said no."""

    def __init__(self, code: int) -> None:
        super().__init__(f"device refused: {_EXCEPTIONS.get(code, f'exception {code}')}", code)


class Garbled(LinkError):
    """The answer does not fit the question."""


@dataclass(slots=True)
class LineCounts:
    """What came over a line that was not the answer: whole frames that were `stray` (late, or another master's),
    answers that were `spoilt`, and bytes of `noise`."""

    stray: int = 0
    spoilt: int = 0
    noise: int = 0


class Link(Protocol):
    """One address. Not for two callers at a time: edge_agent.bus gives the turns."""

    @property
    def counts(self) -> LineCounts:
        """What was strange on it since the start."""

    async def read(self, block: Block, patience_s: float | None = None) -> list[int]:
        """The registers of a block, of which there may be none. `patience_s` is for who does not want to wait for as
        long as the link usually does. Raises LinkError."""

    async def write(self, unit: int, address: int, words: Sequence[int], function: int = WRITE_SEVERAL) -> None:
        """Write holding registers in one request, or each in its own with WRITE_ONE. Raises LinkError."""

    def close(self) -> None:
        """Let the connection go."""
