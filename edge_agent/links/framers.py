"""Where an answer begins and ends, and whether it is the one that was asked for. Both framers stand in for those of
pymodbus, which let one bad answer tear the connection down, or throw a good one away with the noise before it."""

import struct
import time
from dataclasses import dataclass

from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU, ModbusPDU

from edge_agent.links.pdus import Question, Reply, Spoilt, is_read
from protocols.modbus import rtu
from protocols.modbus.rtu import EXCEPTION, Expected, Fate

_HEADER = struct.Struct(">HHHB")  # transaction, protocol 0, bytes that follow, unit
_SHORTEST, _LONGEST = 2, 254  # of the bytes that follow: unit and PDU
_NOBODY = Expected(-1, 0, 0)  # no frame answers when nothing was asked


@dataclass(slots=True)
class LineCounts:
    """What came over a line that was not the answer: whole frames that were `stray` (late, or another master's),
    answers that were `spoilt`, and bytes of `noise`."""

    stray: int = 0
    spoilt: int = 0
    noise: int = 0


class TcpFramer(FramerSocket):
    """Answers are told apart by their transaction and unit."""

    def __init__(self) -> None:
        super().__init__(DecodePDU(False))
        self.counts = LineCounts()
        self.heard_at = 0.0
        self._function = 0

    def ask(self, question: Question) -> None:
        """What comes from now on may answer this."""
        self._function = question.function_code

    def give_up(self) -> None:
        """What comes from now on has another transaction."""

    def forget(self) -> None:
        """A new connection."""

    def handleFrame(self, data: bytes, exp_devid: int, exp_tid: int) -> tuple[int, ModbusPDU | None]:  # noqa: N802
        at = 0
        self.heard_at = time.monotonic()
        while len(data) - at > _HEADER.size:
            transaction, protocol, length, unit = _HEADER.unpack_from(data, at)
            if protocol or not _SHORTEST <= length <= _LONGEST:
                self.counts.noise += len(data) - at
                return len(data), None
            end = at + 6 + length
            if end > len(data):
                break
            pdu, at = data[at + _HEADER.size : end], end
            if (transaction, unit) == (exp_tid, exp_devid):
                return at, self._judged(unit, transaction, pdu)
            self.counts.stray += 1
        return at, None

    def _judged(self, unit: int, transaction: int, pdu: bytes) -> ModbusPDU:
        if pdu[0] & ~EXCEPTION == self._function:
            return Reply(unit, transaction, pdu)
        self.counts.spoilt += 1
        return Spoilt(unit, transaction, f"function {pdu[0]} instead of {self._function}")


class RtuFramer(FramerRTU):
    """On a line nothing tells which question an answer is for. A unit that owes one may still give it: until then an
    answer that fits the old question as well as the new one is taken for the old one's."""

    def __init__(self) -> None:
        super().__init__(DecodePDU(False))
        self.counts = LineCounts()
        self.heard_at = 0.0
        self._question: Question | None = None
        self._owed: dict[int, Question] = {}
        self._written: set[int] = set()  # units that were written to since they owe

    def ask(self, question: Question) -> None:
        """What comes from now on may answer this."""
        self._question = question
        if not is_read(question) and question.dev_id in self._owed:
            self._written.add(question.dev_id)

    def give_up(self) -> None:
        """Nobody answered in time; the answer may still come."""
        if self._question is not None:
            self._owed[self._question.dev_id] = self._question
            self._written.discard(self._question.dev_id)
        self._question = None

    def forget(self) -> None:
        """A new connection: what was owed is lost."""
        self._question = None
        self._owed.clear()
        self._written.clear()

    def handleFrame(self, data: bytes, exp_devid: int, exp_tid: int) -> tuple[int, ModbusPDU | None]:  # noqa: ARG002, N802
        self.heard_at = time.monotonic()
        used = 0
        while used < len(data):
            sight = rtu.look(data[used:], self._question.expected if self._question else _NOBODY)
            used += sight.used
            self._count(sight)
            if sight.fate is Fate.NOTHING:
                break
            found = self._answer(sight)
            if found is not None:
                return used, found
        return used, None

    def _count(self, sight: rtu.Sight) -> None:
        self.counts.noise += sight.noise
        for frame in sight.strays:
            self._paid(frame)

    def _paid(self, frame: bytes) -> None:
        self.counts.stray += 1
        self._owed.pop(frame[0], None)
        self._written.discard(frame[0])

    def _answer(self, sight: rtu.Sight) -> ModbusPDU | None:
        frame = sight.frame
        if sight.fate is Fate.SPOILT:
            return self._spoilt(frame[0])
        if self._is_late(frame):
            self._paid(frame)
            return None
        return self._closed(Reply(frame[0], 0, frame[1:-2]))

    def _is_late(self, frame: bytes) -> bool:
        owed = self._owed.get(frame[0])
        if owed is None or self._question is None or not owed.expected.fits(frame):
            return False
        return owed.name != self._question.name or frame[0] in self._written

    def _spoilt(self, unit: int) -> ModbusPDU:
        self.counts.spoilt += 1
        if unit in self._owed:  # it may have been the late one
            self.give_up()
        self._question = None
        return Spoilt(unit, 0, "the check sum is wrong")

    def _closed(self, found: ModbusPDU) -> ModbusPDU:
        self._owed.pop(found.dev_id, None)
        self._written.discard(found.dev_id)
        self._question = None
        return found
