"""A luminaire that does not do what it is told is told the same again, but less and less often.

It may stand at the lowest level that its gear has, be stuck, or refuse; few devices say which of these it is. What it
was told may also have been lost on the way, so the second time is at its next reading. As soon as it says something
else, or should do something else, it is told at once. Pure: the time is an argument, in seconds of any steady clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from edge_agent.lamps import Order, Release
from protocols.readings import Reading

_SHORTEST_S, _LONGEST_S = 10.0, 300.0
_SAYS = ("target_level", "actual_level", "command_reason")

Essence = tuple[tuple[type[Order], float | None], ...]
Said = tuple[float | None, ...]


@dataclass(slots=True)
class _Told:
    orders: Essence
    before: Said  # what it said when it was told
    times: int
    again_at: float


class Insistence:
    """What luminaires were told that have not said anything else since."""

    def __init__(self) -> None:
        self._told: dict[str, _Told] = {}

    def told(self, before: Reading, orders: Sequence[Order], now: float) -> None:
        """A luminaire that said `before` is given orders."""
        essence, told = _essence(orders), self._told.get(before.device)
        times = told.times + 1 if told is not None and told.orders == essence else 1
        pause = 0.0 if times == 1 else min(_LONGEST_S, _SHORTEST_S * 2.0 ** min(times - 2, 32))
        self._told[before.device] = _Told(essence, _said(before), times, now + pause)

    def heard(self, reading: Reading) -> None:
        """A luminaire says what it does; a reading of other things is no news of that."""
        told = self._told.get(reading.device)
        if told is not None and any(name in reading.values for name in _SAYS) and told.before != _said(reading):
            del self._told[reading.device]

    def is_too_soon(self, device: str, orders: Sequence[Order], now: float) -> bool:
        """True when it has been told the same for nothing, and not long enough ago."""
        told = self._told.get(device)
        return told is not None and now < told.again_at and told.orders == _essence(orders)

    def forget(self, device: str) -> None:
        """What it was told before is the past."""
        self._told.pop(device, None)


def _essence(orders: Sequence[Order]) -> Essence:
    """The moment until which a level is held may move on with every look."""
    return tuple((type(order), None if isinstance(order, Release) else order.level) for order in orders)


def _said(reading: Reading) -> Said:
    return tuple(reading.values.get(name) for name in _SAYS)
