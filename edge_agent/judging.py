"""What a command asks of a luminaire, and whether what the luminaire says now is that."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from edge_agent.lamps import Hold, Lamp, Order, Programme, Release
from edge_agent.modbus_lamps import Reason
from edge_agent.obstacles import Obstacle, refused
from edge_agent.wanted import Wanted
from protocols.clock import DomainClock
from protocols.commands import Answer, Command, Override, Refusal, Step, is_expired
from protocols.readings import Reading
from rules.lamp_state import reached

log = logging.getLogger(__name__)

_AHEAD = timedelta(hours=1)  # a command from further in the future came from a wrong clock, and outranks nothing


class Judge:
    """Knows the luminaires of this edge, what they should do now, and what time it is."""

    def __init__(self, lamps: Mapping[str, Lamp], wanted: Wanted, clock: DomainClock) -> None:
        self._lamps, self._wanted, self._clock = lamps, wanted, clock

    def first_word(self, command: Command, latest: datetime | None) -> Answer:
        """On a new command; `latest` is when the youngest that was taken for its target was issued."""
        now = self._clock.now()
        if is_expired(command, now):
            return self.refusal(command, Obstacle(Refusal.CAME_TOO_LATE))
        obstacle = self.obstacle(command)
        if obstacle is None and latest is not None and command.issued_at < latest <= now + _AHEAD:
            obstacle = Obstacle(Refusal.SUPERSEDED)
        return self.refusal(command, obstacle) if obstacle else Answer(id=command.id, step=Step.ACCEPTED, at=now)

    def obstacle(self, command: Command) -> Obstacle | None:
        """Why this edge cannot even begin."""
        if command.target not in self._lamps:
            return Obstacle(Refusal.NO_SUCH_LAMP)
        if isinstance(command.action, Override) and command.action.until <= self._clock.now():
            return Obstacle(Refusal.ALREADY_OVER)
        return None

    def orders(self, command: Command) -> list[Order]:
        """What to tell the luminaire."""
        if isinstance(command.action, Override):
            return [Hold(command.action.level, command.action.until)]
        return [Programme(self._wanted.programme(self._clock.now())), Release()]

    def difference(self, command: Command, reading: Reading) -> Obstacle | None:
        """What a reading lacks to be what was commanded."""
        action, actual = command.action, reading.values.get("actual_level")
        is_held = reading.values.get("command_reason") == Reason.OVERRIDE
        if actual is None:
            return Obstacle(Refusal.LAMP_SILENT)
        if not isinstance(action, Override) and is_held:
            return Obstacle(Refusal.STILL_HELD, actual_level=actual)
        wanted = action.level if isinstance(action, Override) else self._wanted.programme(self._clock.now())
        if not reached(actual, self._lamps[command.target].shown(wanted)):
            return Obstacle(Refusal.LEVEL_NOT_REACHED, wanted_level=wanted, actual_level=actual)
        return None

    def refusal(self, command: Command, obstacle: Obstacle) -> Answer:
        """The answer that ends a command badly."""
        log.info("command %s for %s is refused: %s", command.id, command.target, obstacle)
        return refused(command, obstacle, self._clock.now())

    def confirmation(self, command: Command, reading: Reading) -> Answer:
        """The answer that ends a command well."""
        return Answer(
            id=command.id,
            step=Step.READ_BACK,
            at=self._clock.now(),
            actual_level=reading.values.get("actual_level"),
            active_power=reading.values.get("active_power"),
        )
