"""The live map: once a second the lamps that look different, or an empty frame as a heartbeat."""

import asyncio
from datetime import timedelta
from functools import partial

import numpy as np
from numpy.typing import NDArray

from cloud.fleet.fleet import Fleet
from cloud.fleet.view import View
from cloud.lighting.watch import LampWatch
from cloud.live import frames
from cloud.live.hub import Hub
from cloud.people.rights import Right
from protocols.clock import DomainClock

_U32 = 1 << 32


class MapFeed:
    """What the listeners have been told so far, and the next frame.

    The first seq is the wall's half-second, and at most one frame is sent in a second: a service that starts again
    is ahead of what its clients have seen, and they fetch the city anew.
    """

    def __init__(self, fleet: Fleet, watch: LampWatch, clock: DomainClock, hub: Hub, every: timedelta) -> None:
        self._fleet, self._watch, self._clock, self._hub = fleet, watch, clock, hub
        self._every_s = every.total_seconds()
        self._state, self._level = watch.board.state.copy(), watch.board.level.copy()
        self.seq = int(clock.wall() * 2) % _U32

    async def tick(self) -> None:
        """Look at the lamps and tell what has changed."""
        self._watch.refresh()
        board = self._watch.board
        changed = np.flatnonzero((board.state != self._state) | (board.level != self._level))
        self._state[changed], self._level[changed] = board.state[changed], board.level[changed]
        self.seq = (self.seq + 1) % _U32
        self._hub.say(partial(self._frame, self._clock.now().timestamp(), changed), Right.VIEW_CITY)

    async def run(self) -> None:
        """Tick for as long as the service runs."""
        while True:
            await self.tick()
            await asyncio.sleep(self._every_s)

    def etag(self, view: View) -> str:
        """A name for what the snapshot of a view says now."""
        return f'"{self._fleet.version}-{self.seq}{view.name}"'

    def snapshot(self, view: View) -> bytes:
        """Every lamp that is seen, as of the last frame."""
        return frames.snapshot(view, self.seq, self._state[view.lamps], self._level[view.lamps])

    def _frame(self, at: float, changed: NDArray[np.intp], view: View) -> bytes:
        """What has changed of the lamps that are seen, under their numbers in the view."""
        seen = changed[view.mask[changed]]
        return frames.frame(self.seq, at, view.numbers[seen], self._state[seen], self._level[seen])
