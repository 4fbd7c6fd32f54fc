"""A serial line in a process of its own, on which bytes travel at the baud rate.

`python -m tests.paced_line BAUD [--join]` prints the device files of both ends; what is written to one comes out of the
other, a byte after each eleven bits' time. Without --join there is no second file: the far end is played here, as the
standard wants a slave. A frame is what is parted from the bytes before and after it by 3.5 characters of silence, a
question that comes sooner than that after an answer is not heard, and an answer leaves 5 ms after its question has
ended. When the standard input ends, it prints what it has seen.
"""

import argparse
import json
import os
import select
import sys
import time
import tty
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from protocols.modbus import rtu
from protocols.modbus.rtu import Pace
from tests.edge.lines import right

TURN_ROUND_S = 0.005
_BUNCH_S = 0.001
_FUZZY = 0.9  # of the silence that is asked for: the kernel hands bytes over a little later than they were written


@dataclass
class Wire:
    """One direction: bytes leave for `fd` one after the other."""

    fd: int
    pace: Pace
    waiting: deque[tuple[float, int]] = field(default_factory=deque)
    free_at: float = 0.0

    def send(self, data: bytes, not_before: float) -> None:
        at = max(not_before, self.free_at)
        for byte in data:
            at += self.pace.character_s
            self.waiting.append((at, byte))
        self.free_at = at

    def due(self) -> float | None:
        """A driver hands bytes over in bunches, but does not keep the last one waiting."""
        return min(self.waiting[0][0] + _BUNCH_S, self.free_at) if self.waiting else None

    def deliver(self, now: float) -> bytes:
        """Write what has arrived by now."""
        arrived = bytearray()
        while self.waiting and self.waiting[0][0] <= now:
            arrived.append(self.waiting.popleft()[1])
        if arrived:
            os.write(self.fd, arrived)
        return bytes(arrived)


@dataclass
class Slave:
    """Hears bytes as they arrive, and answers over `back`."""

    pace: Pace
    back: Wire
    frame: bytes = b""
    began_at: float = 0.0
    last_at: float = 0.0  # a byte of the master
    answered: int = 0
    too_soon: int = 0
    broken: int = 0

    def hear(self, byte: int, at: float) -> None:
        if not self.frame:
            self.began_at = at - self.pace.character_s
        self.frame += bytes((byte,))
        self.last_at = at

    def due(self) -> float | None:
        """When the frame has ended."""
        return self.last_at + self.pace.silence_s if self.frame else None

    def look(self, now: float) -> None:
        due = self.due()
        if due is None or now < due:
            return
        frame, self.frame = self.frame, b""
        if self.answered and self.began_at - self.back.free_at < _FUZZY * self.pace.silence_s:
            self.too_soon += 1
        elif len(frame) < 4 or not rtu.is_whole(frame):
            self.broken += 1
        else:
            self.answered += 1
            self.back.send(right(frame), due + TURN_ROUND_S)


class Line:
    """Two ends and what is between them."""

    def __init__(self, pace: Pace, far: int | None) -> None:
        self.pace = pace
        self.near, self.master = _pair()
        self.to_master = Wire(self.near, pace)
        self.slave = Slave(pace, self.to_master) if far is None else None
        self.to_slave = Wire(os.open(os.devnull, os.O_WRONLY) if far is None else far, pace)
        self.far = far

    def step(self) -> bool:
        """Wait for what comes next, and do it. False when nobody wants more."""
        now = time.monotonic()
        dues = [due for due in (self.to_master.due(), self.to_slave.due(), self.slave and self.slave.due()) if due]
        wait = max(0.0, min(dues) - now) if dues else None
        ends: dict[int, Callable[[bytes], None]] = {self.near: lambda data: self.to_slave.send(data, time.monotonic())}
        if self.far is not None:
            ends[self.far] = lambda data: self.to_master.send(data, time.monotonic())
        ready, _, _ = select.select([*ends, sys.stdin.fileno()], [], [], wait)
        for fd in ready:
            if fd == sys.stdin.fileno():
                return False
            ends[fd](os.read(fd, 4096))
        self._deliver(time.monotonic())
        return True

    def _deliver(self, now: float) -> None:
        self.to_master.deliver(now)
        dues = [at for at, _ in self.to_slave.waiting]
        for byte, at in zip(self.to_slave.deliver(now), dues, strict=False):
            if self.slave:
                self.slave.hear(byte, at)
        if self.slave:
            self.slave.look(now)


def _pair() -> tuple[int, str]:
    """Our end and the name of the other; the other is held open, so that nobody is the last to leave."""
    ours, theirs = os.openpty()
    tty.setraw(ours)
    tty.setraw(theirs)
    return ours, os.ttyname(theirs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("baud", type=int)
    parser.add_argument("--join", action="store_true")
    wish = parser.parse_args()
    far, name = _pair() if wish.join else (None, "")
    line = Line(Pace(wish.baud), far)
    sys.stdout.write(json.dumps([line.master, name]) + "\n")
    sys.stdout.flush()
    while line.step():
        pass
    if line.slave:
        seen = line.slave
        sys.stdout.write(json.dumps({"answered": seen.answered, "too_soon": seen.too_soon, "broken": seen.broken}))


if __name__ == "__main__":
    main()
