"""The pause before the next try: longer each time, and random, so that a whole city does not come back at once."""

import random


class Pause:
    """Between `shortest` and `longest` seconds; one for each connection, and nothing above it retries again."""

    def __init__(self, shortest: float, longest: float) -> None:
        self._shortest = shortest
        self._longest = longest
        self._failures = 0

    def after_failure(self) -> float:
        """Seconds to wait now: anything up to a ceiling that doubles with each failure."""
        ceiling = min(self._longest, self._shortest * 2.0 ** min(self._failures, 32))
        self._failures += 1
        return ceiling * random.random()  # noqa: S311 - spreads load, guards nothing

    def reset(self) -> None:
        """It worked: the next pause is the shortest again."""
        self._failures = 0
