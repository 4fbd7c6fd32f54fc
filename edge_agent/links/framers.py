"""Where an answer begins and ends, and whether it is the one that was asked for. Both framers stand in for those of
pymodbus, which let one bad answer tear the connection down, or throw a good one away with the noise before it."""

import struct
import time
from collections import defaultdict

from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU, ModbusPDU

from edge_agent.links import LineCounts
from edge_agent.links.pdus import Question, Reply, Spoilt
from protocols.modbus import rtu
from protocols.modbus.rtu import EXCEPTION, Expected, Fate

_HEADER = struct.Struct(">HHHB")  # transaction, protocol 0, bytes that follow, unit
_SHORTEST, _LONGEST = 2, 254  # of the bytes that follow: unit and PDU
_MOST_OWED = 8  # of one unit
_NOBODY = Expected(-1, 0, 0)  # no frame answers when nothing was asked


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

    def frame(self, question: Question, transaction: int) -> bytes:
        """What goes over the wire."""
        return _HEADER.pack(transaction, 0, 1 + len(question.pdu), question.dev_id) + question.pdu

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
    """On a line nothing tells which question an answer is for. A unit answers in order, and may still give the answers
    that it owes: what fits an old question is taken for the old one's, unless the present one asks the very same and
    nothing was written in between."""

    def __init__(self) -> None:
        super().__init__(DecodePDU(False))
        self.counts = LineCounts()
        self.heard_at = 0.0
        self._question: Question | None = None
        self._owed: defaultdict[int, list[Question]] = defaultdict(list)

    def ask(self, question: Question) -> None:
        """What comes from now on may answer this."""
        self._question = question

    def give_up(self) -> None:
        """Nobody answered in time; the answer may still come."""
        if self._question is not None:
            owed = self._owed[self._question.dev_id]
            owed.append(self._question)
            del owed[:-_MOST_OWED]
        self._question = None

    def forget(self) -> None:
        """A new connection: what was owed is lost."""
        self._question = None
        self._owed.clear()

    def frame(self, question: Question, transaction: int) -> bytes:  # noqa: ARG002 - a line has no transactions
        """What goes over the wire."""
        return rtu.sealed(question.dev_id, question.pdu)

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
            self._stray(frame)

    def _stray(self, frame: bytes) -> None:
        """It pays what it fits, and all that was asked before that."""
        self.counts.stray += 1
        owed = self._owed[frame[0]]
        paid = next((n for n, question in enumerate(owed, 1) if question.expected.fits(frame)), 0)
        del owed[:paid]

    def _answer(self, sight: rtu.Sight) -> ModbusPDU | None:
        frame, question = sight.frame, self._question
        if sight.fate is Fate.SPOILT:
            return self._spoilt(frame[0])
        if question is not None and self._is_late(frame, question):
            self._stray(frame)
            return None
        self._owed.pop(frame[0], None)
        self._question = None
        return Reply(frame[0], 0, frame[1:-2])

    def _is_late(self, frame: bytes, question: Question) -> bool:
        owed = self._owed[question.dev_id]
        first = next((n for n, one in enumerate(owed) if one.expected.fits(frame)), None)
        if first is None:
            return False
        return any(one.pdu != question.pdu for one in owed[first:])

    def _spoilt(self, unit: int) -> ModbusPDU:
        self.counts.spoilt += 1
        if self._owed[unit]:  # it may have been a late one
            self.give_up()
        self._question = None
        return Spoilt(unit, 0, "the check sum is wrong")
