"""What stands above the programmes, as far as the lamps have confirmed it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from pydantic import BaseModel

from cloud.commands.order import Order, Standing, has_effect, standing
from protocols.commands import Emergency, Held, LockOut, Override, Resume, SelfTest, State, Unlock
from rules.lamp_state import RAMP_S
from rules.programme import FULL

_TESTED_FOR = timedelta(seconds=RAMP_S)  # of the city's time, from when its edge has taken it: no lamp differs before


class Rung(StrEnum):
    """On which a lamp is held, from the highest to the lowest."""

    LOCK_OUT = "lock_out"
    EMERGENCY = "emergency"
    OVERRIDE = "override"


_ON: Mapping[type[BaseModel], Sequence[Rung]] = {
    LockOut: (Rung.LOCK_OUT,),
    Unlock: (Rung.LOCK_OUT,),
    Emergency: (Rung.EMERGENCY,),
    Override: (Rung.OVERRIDE,),
    Resume: (Rung.EMERGENCY, Rung.OVERRIDE),
}


_KINDS: Mapping[str, Sequence[Rung]] = {str(action.model_fields["type"].default): on for action, on in _ON.items()}
_ENDING = ("unlock", "resume")


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said to a lamp: of which kind it is, until when it holds (ISO 8601; `None` is until somebody ends
    it), and the id of the group, or of the single command, that it came with."""

    kind: str
    until: str | None
    made_by: str

    def holds(self, now: datetime) -> bool:
        """True until its end; what only ends others holds nothing."""
        return self.kind not in _ENDING and (self.until is None or now < datetime.fromisoformat(self.until))


def holder(words: Iterable[Said], now: datetime) -> str | None:
    """What holds a lamp to which this was said, in this order: on the highest rung that is held, the last word."""
    last = {rung: word for word in words for rung in _KINDS.get(word.kind, ())}
    return next((last[rung].made_by for rung in Rung if rung in last and last[rung].holds(now)), None)


@dataclass(frozen=True, slots=True)
class _Word:
    """The last word on one rung; `None` is that nothing holds it there."""

    standing: Standing | None
    issued_at: datetime
    confirmed_at: datetime


_NO_WORDS: Mapping[Rung, _Word] = MappingProxyType({})
_RUNGS = tuple(Rung)  # going through an enumeration takes ten times as long


class Overrides:
    """By lamp and rung. Orders may be confirmed in any order: the one that was issued last counts."""

    def __init__(self, orders: Iterable[Order] = ()) -> None:
        self._words: dict[str, dict[Rung, _Word]] = {}
        self._tests: dict[str, Override] = {}
        for order in orders:
            self.put(order)

    def put(self, order: Order) -> None:
        """Take note of an order that may have been confirmed."""
        if isinstance(order.command.action, SelfTest):
            self._put_test(order)
        elif has_effect(order):
            word = _Word(standing(order), order.command.issued_at, order.history[-1].at)
            self._put(order.command.target, _ON[type(order.command.action)], word)

    def held(self, lamp_id: str, now: datetime) -> Held:
        """What holds a lamp at a moment."""
        actions = {str(rung): found.action for rung, found in self._in_force(lamp_id, now).items()}
        return Held(**actions, test=self._test(lamp_id, now))  # type: ignore[arg-type]  # each rung has its action

    def at(self, lamp_id: str, now: datetime) -> Standing | None:
        """The strongest of what holds a lamp at a moment. May be asked in a thread."""
        words = self._words.get(lamp_id, _NO_WORDS)
        for rung in _RUNGS:
            word = words.get(rung)
            if word is not None and word.standing is not None and word.standing.lasts(now):
                return word.standing
        return None

    def on(self, lamp_id: str, rung: Rung, now: datetime) -> Standing | None:
        """What holds a lamp on one rung at a moment."""
        return self._in_force(lamp_id, now).get(rung)

    def issued_at(self, lamp_id: str) -> datetime | None:
        """When the last thing that a lamp has confirmed was issued. May be asked in a thread."""
        words = list(self._words.get(lamp_id, _NO_WORDS).values())  # which may grow meanwhile
        return max((word.issued_at for word in words), default=None)

    def confirmed_at(self, lamp_id: str) -> datetime | None:
        """When a lamp has confirmed something last, or its edge has taken a test of it."""
        found = [word.confirmed_at for word in self._words.get(lamp_id, {}).values()]
        test = self._tests.get(lamp_id)
        return max([*found, test.until - _TESTED_FOR] if test else found, default=None)

    def locked_out(self, now: datetime) -> frozenset[str]:
        """The lamps that may not be lit."""
        return frozenset(lamp for lamp in self._words if self.on(lamp, Rung.LOCK_OUT, now) is not None)

    def lamps(self) -> Iterable[str]:
        """Every lamp that has confirmed anything, or is tested. May be asked in a thread."""
        return self._words.keys() | self._tests.keys()

    def _in_force(self, lamp_id: str, now: datetime) -> Mapping[Rung, Standing]:
        words = self._words.get(lamp_id, {})
        found = ((rung, words[rung].standing) for rung in Rung if rung in words)
        return {rung: held for rung, held in found if held is not None and held.lasts(now)}

    def _put(self, lamp_id: str, rungs: Sequence[Rung], word: _Word) -> None:
        words = self._words.setdefault(lamp_id, {})
        for rung in rungs:
            before = words.get(rung)
            if before is None or word.issued_at >= before.issued_at:
                words[rung] = word

    def _put_test(self, order: Order) -> None:
        lamp_id = order.command.target
        if order.state is State.ACKNOWLEDGED:
            self._tests[lamp_id] = Override(level=FULL, until=order.history[-1].at + _TESTED_FOR)
        elif not order.is_open:
            self._tests.pop(lamp_id, None)

    def _test(self, lamp_id: str, now: datetime) -> Override | None:
        test = self._tests.get(lamp_id)
        return test if test is not None and now < test.until else None
