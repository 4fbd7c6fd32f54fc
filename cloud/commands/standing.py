"""The overrides that are in force, as far as the lamps have confirmed them."""

from collections.abc import Iterable
from datetime import datetime

from cloud.commands.order import Order, Standing, confirmed


class Overrides:
    """By lamp. Orders may be confirmed in any order: the one that was issued last counts."""

    def __init__(self, orders: Iterable[Order] = ()) -> None:
        self._standing: dict[str, Standing] = {}
        for order in orders:
            self.put(order)

    def put(self, order: Order) -> None:
        """Take note of an order that may have been confirmed."""
        new, old = confirmed(order), self._standing.get(order.command.target)
        if new is not None and (old is None or new.issued_at >= old.issued_at):
            self._standing[order.command.target] = new

    def at(self, lamp_id: str, now: datetime) -> Standing | None:
        """The override that holds a lamp at a moment."""
        standing = self._standing.get(lamp_id)
        if standing is None or standing.override is None or standing.override.until <= now:
            return None
        return standing

    def of(self, lamp_id: str) -> Standing | None:
        """The last thing that a lamp has confirmed, in force or not."""
        return self._standing.get(lamp_id)

    def lamps(self) -> Iterable[str]:
        """Every lamp that has confirmed anything."""
        return self._standing.keys()
