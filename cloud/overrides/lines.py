"""What stands above the programme at a moment, a line for each command that made it. Pure."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson

from cloud.commands.order import Holding, Order, Standing
from cloud.commands.standing import Overrides
from cloud.fleet.view import View
from protocols.commands import LockOut

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class Line:
    """One command and the lamps that it holds, by their indexes in the fleet; of `confirmed` ones it was read back."""

    made_by: str
    group: str | None
    who: str
    reason: str | None
    action: Holding
    issued_at: datetime
    lamps: set[int] = field(default_factory=set)
    confirmed: int = 0


def lines(overrides: Overrides, open_orders: Iterable[Order], view: View, now: datetime) -> Sequence[Line]:
    """What holds lamps that are seen, the one that ends first before the others. A command whose answer is still open
    counts: its lamp may obey already."""
    found: dict[str, Line] = {}
    for name in overrides.lamps():
        standing, index = overrides.at(name, now), view.fleet.index.get(name)
        if standing is not None and index is not None and view.mask[index]:
            line = found.get(standing.made_by)
            if line is None:
                line = found[standing.made_by] = _line_of(standing)
            line.lamps.add(index)
            line.confirmed += standing.is_confirmed
    for order in _newest(open_orders, overrides):
        action, index = order.command.action, view.fleet.index.get(order.command.target)
        if isinstance(action, Holding) and ends(action) > now and index is not None and view.mask[index]:
            found.setdefault(order.made_by, _line_to_come(order, action)).lamps.add(index)
    return sorted(found.values(), key=lambda line: (ends(line.action), line.made_by))


def ends(action: Holding) -> datetime:
    """The end of time for what only a person ends."""
    return _NEVER if isinstance(action, LockOut) else action.until


def _newest(open_orders: Iterable[Order], overrides: Overrides) -> Iterable[Order]:
    """The newest of each lamp, unless the lamp has confirmed one since."""
    newest: dict[str, Order] = {}
    for order in open_orders:
        before = newest.get(order.command.target)
        if before is None or order.command.issued_at >= before.command.issued_at:
            newest[order.command.target] = order
    for order in newest.values():
        confirmed = overrides.issued_at(order.command.target)
        if confirmed is None or order.command.issued_at >= confirmed:
            yield order


def digest(found: Iterable[Line], view: View) -> str:
    """SHA-256 over what a hand-over is about: who holds which lamps at which level until when, and why. How many have
    confirmed is not a part of it."""
    rows = [
        [line.made_by, line.who, line.reason, line.action.model_dump(mode="json"), _names(line, view)] for line in found
    ]
    return hashlib.sha256(orjson.dumps(rows)).hexdigest()


def _names(line: Line, view: View) -> list[str]:
    return [view.fleet.lamps[index].id for index in sorted(line.lamps)]


def _line_of(standing: Standing) -> Line:
    return Line(standing.made_by, standing.group, standing.who, standing.reason, standing.action, standing.issued_at)


def _line_to_come(order: Order, action: Holding) -> Line:
    command = order.command
    return Line(order.made_by, order.group, command.who, order.reason, action, command.issued_at)
