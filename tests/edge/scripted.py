"""A link whose answers a test writes down, and whose requests it can hold back."""

import asyncio
from collections.abc import Sequence

from edge_agent.links import WRITE_SEVERAL, LineCounts, LinkError
from protocols.modbus.plan import Block


class ScriptedLink:
    """Answers zeros unless told otherwise; `asked` is what was asked, in order. While `gate` is closed, nobody gets an
    answer."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.counts = LineCounts()
        self.words: dict[Block, Sequence[int]] = {}
        self.written: dict[tuple[int, int], list[int]] = {}
        self.functions: list[int] = []
        self.failing: dict[int, LinkError] = {}
        self.gate = asyncio.Event()
        self.gate.set()

    async def read(self, block: Block, patience_s: float | None = None) -> list[int]:  # noqa: ARG002 - as a link
        await self._asked(f"read {block.unit}/{block.address}", block.unit)
        return list(self.words.get(block, [0] * block.count))

    async def write(self, unit: int, address: int, words: Sequence[int], function: int = WRITE_SEVERAL) -> None:
        self.written[unit, address] = list(words)
        self.functions.append(function)
        await self._asked(f"write {unit}/{address}", unit)

    def close(self) -> None:
        self.asked.append("close")

    async def _asked(self, what: str, unit: int) -> None:
        self.asked.append(what)
        await self.gate.wait()
        if unit in self.failing:
            raise self.failing[unit]
