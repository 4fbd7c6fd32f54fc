"""When each edge gets its watermark: soon, and not too often."""


class Pace:
    """At most one watermark for each edge in `every_s`; whatever happens in between is told by the next."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._last: dict[str, float] = {}
        self._due: dict[str, float] = {}

    def touch(self, edge: str, now: float) -> None:
        """There is something to tell this edge."""
        last = self._last.get(edge)
        self._due.setdefault(edge, now if last is None else max(now, last + self._every_s))

    def take(self, now: float) -> list[str]:
        """The edges that are due; they count as told."""
        due = [edge for edge, at in self._due.items() if at <= now]
        for edge in due:
            del self._due[edge]
            self._last[edge] = now
        return due

    def wait(self, now: float, longest_s: float) -> float:
        """Seconds until the next edge is due."""
        return min((max(0.0, at - now) for at in self._due.values()), default=longest_s)
