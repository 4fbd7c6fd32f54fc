"""What systemd is told: that we run, and again and again that we work. Nothing where nobody asked for it.

The watchdog hears nothing when a bus has stopped having rounds or the database does not answer: then systemd starts the
edge again. sd_notify(3) is one datagram, so no package is needed.
"""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import NoReturn

log = logging.getLogger(__name__)

_READY, _WORKS = b"READY=1", b"WATCHDOG=1"
_UNASKED_S = 3600.0
_SHARE = 3  # of the watchdog's time, between two signs of life

Rounds = Mapping[str, int]


class Supervision:
    """`rounds` counts the rounds of every bus, `patience_s` says how long each may take; `answers` returns when the
    database does."""

    def __init__(
        self,
        rounds: Callable[[], Rounds],
        patience_s: Callable[[], Mapping[str, float]],
        answers: Callable[[], Awaitable[object]],
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._rounds, self._patience_s, self._answers = rounds, patience_s, answers
        self._address = environ.get("NOTIFY_SOCKET", "")
        self._every_s = int(environ.get("WATCHDOG_USEC", "0")) / 1e6 / _SHARE
        self._moved: dict[str, tuple[int, float]] = {}
        self._complained = False

    async def run(self) -> NoReturn:
        """Tell, until cancelled."""
        self._tell(_READY)
        while True:
            await asyncio.sleep(self._every_s or _UNASKED_S)
            if self._every_s and await self._answer() and self.works(time.monotonic()):
                self._tell(_WORKS)

    async def _answer(self) -> bool:
        try:
            async with asyncio.timeout(self._every_s * _SHARE):
                await self._answers()
        except TimeoutError:
            return False
        return True

    def works(self, now: float) -> bool:
        """True while every bus has its rounds."""
        patience = self._patience_s()
        stuck = [name for name, rounds in self._rounds().items() if self._is_stuck(name, rounds, now, patience[name])]
        if stuck and not self._complained:
            log.error("%s has had no round for too long; the watchdog is not told that we work", ", ".join(stuck))
        self._complained = bool(stuck)
        return not stuck

    def _is_stuck(self, name: str, rounds: int, now: float, patience_s: float) -> bool:
        before = self._moved.get(name)
        if before is None or before[0] != rounds:
            self._moved[name] = rounds, now
            return False
        return now - before[1] > patience_s

    def _tell(self, what: bytes) -> None:
        if not self._address:
            return
        name = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            try:
                told.sendto(what, name)
            except OSError as error:
                log.warning("systemd cannot be told: %s", error)
