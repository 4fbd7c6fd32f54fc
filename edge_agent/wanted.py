"""What the light should be, by the same ladder as in the cloud; it needs nobody but the sun and what is on the disk."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, tzinfo

from edge_agent.adapting import Adapting
from edge_agent.lamp_plan import lamp_plan
from edge_agent.overrides import NOTHING, Overrides
from protocols.commands import Override
from protocols.inventory import Place
from protocols.light import LightDocument
from rules.held import at_a_level
from rules.lighting import Curves
from rules.programme import FULL, OFF, Decision, Reason
from rules.relay import carried_out
from rules.resolve import Planned, decided, planned

_EVER = datetime.min.replace(tzinfo=UTC)  # nothing has ended by then


def _nothing() -> None:
    """There is no document."""


class Wanted:
    """The wishes for the luminaires of one edge. What luminaires that run together should have is found once a second,
    however many they are. `document` tells the one that is in force now; another one counts from the next question on.
    """

    def __init__(
        self,
        place: Place,
        timezone: tzinfo,
        overrides: Overrides,
        document: Callable[[], LightDocument | None] = _nothing,
        adapting: Adapting | None = None,
    ) -> None:
        self._curves = Curves(place, timezone)
        self._overrides = overrides
        self._document = document
        self._adapting = adapting or Adapting()
        self._followed = document()
        self._plan = lamp_plan(self._followed, self._curves)
        self._adapting.follow(self._plan.sets)
        self._second = 0  # of the domain's time, in which `_found` was found
        self._found: dict[str, Planned] = {}

    def programme(self, device: str, now: datetime) -> float:
        """The level (%) that a luminaire has beneath whatever holds it, and falls back to when that ends."""
        if self.is_locked_out(device):
            return OFF
        self._look(now)
        part = self._plan.part(device)
        return carried_out(part.control, self._planned(part.set_id, now).level * part.output / FULL)

    def override(self, device: str, now: datetime) -> Override | None:
        """What holds a luminaire above its programme: a level and its end, whatever rung it stands on."""
        held = self._overrides.held(device, now)
        return None if held is NOTHING else self.carried_out(device, at_a_level(held, now))

    def carried_out(self, device: str, override: Override | None) -> Override | None:
        """What becomes of an override on a luminaire: a relay takes no level between."""
        control = self._plan.part(device).control
        if override is None or control == "dimmable":
            return override
        return override.model_copy(update={"level": carried_out(control, override.level)})

    def is_locked_out(self, device: str) -> bool:
        """True of a luminaire that may not be lit, whatever the time is."""
        return self._overrides.held(device, _EVER).lock_out is not None

    def decision(self, device: str, at: datetime | None) -> Decision:
        """Who decides the light of a luminaire; `None` is that nobody knows the time."""
        if at is None:
            return decided(self._overrides.held(device, _EVER), None, None)
        self._look(at)
        part = self._plan.part(device)
        programme = self._planned(part.set_id, at).of(part.output, part.control)
        return decided(self._overrides.held(device, at), programme, at, part.control)

    def wish(self, devices: Iterable[str], now: datetime) -> object:
        """Something that is equal to itself of before as long as none of these should have another level."""
        self._look(now)
        levels = [self._planned(name, now).level for name in self._plan.sets]
        held = {device: override.level for device in devices if (override := self.override(device, now))}
        return self._plan, levels, held

    def rungs(self, devices: Iterable[str], at: datetime | None) -> Mapping[Reason, int]:
        """How many luminaires each reason decides for."""
        return Counter(self.decision(device, at).reason for device in devices)

    @property
    def release(self) -> str | None:
        """The release of the plan that is in force."""
        return self._plan.release

    @property
    def last_night(self) -> date | None:
        """The last night for which every set has a programme."""
        return self._plan.last_night

    def _look(self, now: datetime) -> None:
        document, second = self._document(), int(now.timestamp())
        if document is not self._followed:
            self._followed, self._plan = document, lamp_plan(document, self._curves)
            self._adapting.follow(self._plan.sets)
            self._found = {}
        if second != self._second:
            self._second, self._found = second, {}

    def _planned(self, name: str, now: datetime) -> Planned:
        found = self._found.get(name)
        if found is None:
            lighting = self._plan.sets[name]
            adapted = self._adapting.in_force(name, lighting, now)
            found = self._found[name] = planned(lighting, adapted, now)
        return found
