"""How far groups have come, counted as their lamps answer: by ward, so that everybody is told of what they see."""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cloud.commands.order import Order
from cloud.fleet.fleet import Fleet
from cloud.fleet.view import View
from protocols.commands import State

_KEPT = 50  # groups; of one that was before, only the registry tells


@dataclass(slots=True)
class Progress:
    """The states of a group's lamps."""

    group: str
    _states: dict[str, State] = field(default_factory=dict)  # by command
    _counts: Counter[tuple[str, State]] = field(default_factory=Counter)  # by ward

    def note(self, order: Order, ward: str) -> None:
        """One of its orders, as it stands now."""
        before = self._states.get(order.command.id)
        if before is not None:
            self._counts[ward, before] -= 1
        self._states[order.command.id] = order.state
        self._counts[ward, order.state] += 1

    def states(self, view: View) -> Mapping[State, int]:
        """How many of the lamps that are seen stand in each state."""
        found: Counter[State] = Counter()
        for (ward, state), count in self._counts.items():
            if count and (view.wards is None or ward in view.wards):
                found[state] += count
        return dict(found)


class Groups:
    """The newest groups."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._groups: OrderedDict[str, Progress] = OrderedDict()

    def begin(self, orders: Sequence[Order]) -> None:
        """Whole groups, which are followed from here on."""
        for order in orders:
            if order.group is not None:
                self._groups.setdefault(order.group, Progress(order.group))
        self.put(orders)
        while len(self._groups) > _KEPT:
            self._groups.popitem(last=False)

    def put(self, orders: Iterable[Order]) -> Sequence[Progress]:
        """Orders as they stand now; the groups that are followed and that they are of."""
        touched: dict[str, Progress] = {}
        for order in orders:
            progress = self._groups.get(order.group) if order.group else None
            if progress is not None:
                lamp = self._fleet.lamp(order.command.target)
                progress.note(order, lamp.ward if lamp else "")
                touched[progress.group] = progress
        return list(touched.values())
