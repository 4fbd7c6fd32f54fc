"""What luminaires that run together should have, followed from tick to tick: asked once for all of them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from cloud.latest.values import Latest, LatestValues
from protocols.light import Adaptation
from rules import adaptive
from rules.adaptive import InForce, State
from rules.lighting import Lighting
from rules.resolve import Planned, planned

_LOOK_BACK = timedelta(hours=1)
_STEP = timedelta(minutes=1)
_FINEST = timedelta(seconds=1)
_NEW = State()


class Watched:
    """`since` is when the planned level last changed, to the second however long a tick is. Moments come in order.

    The sun sets on the far end of a city some seconds after the near one: its centre speaks for all of it.
    """

    def __init__(self, lighting: Lighting, latest: LatestValues, now: datetime) -> None:
        self.lighting, self._latest = lighting, latest
        self._states: Mapping[str, State] = {one.id: _NEW for one in lighting.adaptations}
        self._at = self._quiet_until = now
        self.planned = self._decide(now)
        self.since = self._looked_back(now)

    @property
    def adapted(self) -> tuple[InForce, ...]:
        """What changes the light by what is measured, as of the last tick."""
        return adaptive.in_force(self.lighting.adaptations, self._states, self._at)

    def go_on(self, now: datetime) -> bool:
        """To a later moment; true when something may have changed."""
        if now < self._quiet_until:
            self._at = max(self._at, now)
            return False
        if now <= self._at:
            return False
        self._listen(now)
        found = planned(self.lighting, adaptive.in_force(self.lighting.adaptations, self._states, now), now)
        if found.level != self.planned.level:
            self.since = self._change_between(self._at, now)
        self.planned, self._at = found, now
        self._quiet_until = self._next_change(now)
        return True

    def _next_change(self, now: datetime) -> datetime:
        """Until then a programme says the same; what listens, and what goes by the sun, is asked again and again."""
        tonight = None if self._states else self.lighting.tonight(now)
        if tonight is None:
            return now
        return next((jump.at for jump in tonight.curve.jumps if jump.at > now), tonight.curve.end)

    def _listen(self, now: datetime) -> None:
        """What the sources have said since; the edge hears every reading, here the newest of each tick is enough."""
        if self._states:
            self._states = {one.id: self._stepped(one, self._states[one.id], now) for one in self.lighting.adaptations}

    def _stepped(self, one: Adaptation, state: State, now: datetime) -> State:
        latest = self._latest.get(one.source)
        if latest is not None:
            at = datetime.fromtimestamp(latest.at, UTC)
            if state.seen_at is None or at > state.seen_at:
                state = adaptive.step(one, state, _measured(one, latest), at)
        return adaptive.settled(one, state, now)

    def _decide(self, at: datetime) -> Planned:
        return planned(self.lighting, self.adapted, at)

    def _looked_back(self, now: datetime) -> datetime:
        """At a start: as if it had been watched for the last hour."""
        level, at = self.planned.level, now
        while now - at < _LOOK_BACK:
            if self._decide(at - _STEP).level != level:
                return self._change_between(at - _STEP, at)
            at -= _STEP
        return at

    def _change_between(self, before: datetime, after: datetime) -> datetime:
        """The first second of what holds at `after`."""
        level = self._decide(after).level
        while after - before > _FINEST:
            middle = before + (after - before) / 2
            before, after = (before, middle) if self._decide(middle).level == level else (middle, after)
        return after


def _measured(adaptation: Adaptation, latest: Latest) -> float | None:
    return None if latest.flags.get(adaptation.quantity) else latest.values.get(adaptation.quantity)
