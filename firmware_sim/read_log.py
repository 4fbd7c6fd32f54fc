"""Writes down every read that was answered: for a test, the truth of what the devices said."""

from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

from firmware_sim.image import words
from protocols.modbus.registers import Space


class ReadLog:
    """JSON lines `{n, at, bus, unit, space, address, words}`, each on disk before the answer leaves.

    `at` is domain time in Unix seconds; `n` counts on over a restart.
    """

    def __init__(self, file: Path) -> None:
        self._stream = file.open("ab+", buffering=0)
        self._stream.seek(0)
        self._n = sum(1 for _ in self._stream)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()

    def on_read(self, at: float, bus: str, unit: int, space: Space, address: int, registers: bytes) -> None:
        """One answered read."""
        self._n += 1
        line = {
            "n": self._n,
            "at": at,
            "bus": bus,
            "unit": unit,
            "space": space,
            "address": address,
            "words": words(registers),
        }
        self._stream.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))

    def on_report(self, at: float, account: str, topic: str, payload: bytes) -> None:
        """One message that a device has brought to its broker: `{n, at, account, topic, payload}`."""
        self._n += 1
        line = {"n": self._n, "at": at, "account": account, "topic": topic, "payload": payload.decode()}
        self._stream.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
