"""To which site does an edge belong? A batch is named by its edge alone, so one name is one edge in all sites.

The inventory says it. An edge that no inventory has belongs to the site under which it was heard first, until one says
otherwise: its readings are kept meanwhile. Whoever speaks under its name from another site is not listened to.
"""

from collections.abc import Callable, Mapping

from cloud.ingest.arrivals import Arrival, DeadLetter, Status, dead_letter

SiteOf = Callable[[str], str | None]  # the site of an edge of the inventory


def nobody_s(_edge: str) -> str | None:
    """Without an inventory every edge belongs to where it was heard."""
    return None


class Homes:
    """For the receiver's thread. `heard` is what the inbox remembers."""

    def __init__(self, site_of: SiteOf, heard: Mapping[str, str]) -> None:
        self._site_of, self._heard = site_of, dict(heard)

    def of(self, edge: str) -> str | None:
        """Where an edge is told something; `None` for one that was never heard."""
        return self._site_of(edge) or self._heard.get(edge)

    def admit(self, part: Arrival | Status, payload: bytes, at: float) -> Arrival | Status | DeadLetter:
        """What an edge says, if it is at home where it says it; else a dead letter."""
        home = self._site_of(part.edge) or self._heard.setdefault(part.edge, part.site)
        if home == part.site:
            return part
        return dead_letter(f"{part.site}/{part.edge}", f"an edge of this name belongs to {home}", payload, at)
