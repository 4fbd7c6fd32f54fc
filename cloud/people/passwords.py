"""Argon2id, outside the event loop and a few at a time: each check takes 64 MiB and a fifth of a second."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from cloud.settings import PasswordCost

_AT_ONCE = 2
_STRANGERS_AT_ONCE = 1  # who is known here never waits for all of them
_CROWD = 8  # strangers; the last of them waits some two seconds


class Passwords:
    """Hashes passwords and checks them."""

    def __init__(self, cost: PasswordCost) -> None:
        self._hasher = PasswordHasher(time_cost=cost.rounds, memory_cost=cost.memory_kib, parallelism=cost.lanes)
        self._places, self._strangers = asyncio.Semaphore(_AT_ONCE), asyncio.Semaphore(_STRANGERS_AT_ONCE)
        self._waiting = 0
        self._nobody = self._hasher.hash("nobody has this password")

    def is_crowded(self) -> bool:
        """True when so many strangers wait that the next should come back later."""
        return self._waiting >= _CROWD

    async def hash(self, password: str) -> str:
        """What may be stored."""
        async with self._places:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def fits(self, stored: str | None, password: str, *, of_stranger: bool = False) -> bool:
        """True when the password is the stored one. Without a stored one it takes as long and is False."""
        async with self._queue(of_stranger=of_stranger), self._places:
            fits = await asyncio.to_thread(self._verify, stored or self._nobody, password)
        return fits and stored is not None

    @asynccontextmanager
    async def _queue(self, *, of_stranger: bool) -> AsyncIterator[None]:
        """Strangers stand in a line of their own."""
        if not of_stranger:
            yield
            return
        self._waiting += 1
        try:
            async with self._strangers:
                yield
        finally:
            self._waiting -= 1

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False
