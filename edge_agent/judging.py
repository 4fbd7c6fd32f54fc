"""What a command asks of a luminaire, and whether what the luminaire says now is that."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from edge_agent.lamps import Hold, Lamp, Order, Programme, Release
from edge_agent.modbus_lamps import Reason
from edge_agent.obstacles import Obstacle, refused
from edge_agent.wanted import Wanted
from protocols.clock import DomainClock
from protocols.commands import (
    Answer,
    Command,
    Emergency,
    Held,
    LockOut,
    Override,
    Refusal,
    Resume,
    SelfTest,
    Step,
    TestPoint,
    Unlock,
    is_expired,
)
from protocols.readings import Reading
from rules.held import after, at_a_level, obstacle
from rules.lamp_state import SAME, reached
from rules.programme import OFF

log = logging.getLogger(__name__)

_LAG_S = 5.0  # wall time: a fade, or the pace of a radio net
_AHEAD = timedelta(hours=1)  # a command from further in the future came from a wrong clock, and outranks nothing
_DARK_BELOW_W = 6.0  # Echelon, CPD 3000 Lighting Controller: more with the relay open is a welded relay


class Judge:
    """Knows the luminaires of this edge, what they should do now, and what time it is."""

    def __init__(self, lamps: Mapping[str, Lamp], wanted: Wanted, clock: DomainClock) -> None:
        self._lamps, self._wanted, self._clock = lamps, wanted, clock

    def first_word(self, command: Command, latest: Command | None, *held: Held) -> Answer:
        """On a new command; `latest` is the youngest that was taken for its target, and `held` what stands above the
        target's programme: before a command that is under way, and with it."""
        now = self._clock.now()
        if is_expired(command, now):
            return self.refusal(command, Obstacle(Refusal.CAME_TOO_LATE))
        found = (self.obstacle(command), *(_stronger(one, command) for one in held))
        obstacle = next(filter(None, found), None)
        if obstacle is None and latest is not None and _overtakes(latest, command, now):
            obstacle = Obstacle(Refusal.SUPERSEDED)
        return self.refusal(command, obstacle) if obstacle else Answer(id=command.id, step=Step.ACCEPTED, at=now)

    def obstacle(self, command: Command) -> Obstacle | None:
        """Why this edge cannot even begin."""
        if command.target not in self._lamps:
            return Obstacle(Refusal.NO_SUCH_LAMP)
        if isinstance(command.action, Override | Emergency) and command.action.until <= self._clock.now():
            return Obstacle(Refusal.ALREADY_OVER)
        return None

    def lasting_obstacle(self, command: Command) -> Obstacle | None:
        """Why a command that was interrupted cannot go on."""
        if isinstance(command.action, SelfTest):
            return Obstacle(Refusal.INTERRUPTED)
        return self.obstacle(command)

    def orders(self, command: Command) -> list[Order]:
        """What to tell the luminaire."""
        held = self._held_by(command)
        if isinstance(command.action, Resume | Unlock):
            return [Programme(self._wanted.programme(command.target, self._clock.now())), _order(held)]
        return [_order(held)]

    def difference(self, command: Command, reading: Reading) -> Obstacle | None:
        """What a reading lacks to be what was commanded."""
        held, actual = self._held_by(command), reading.values.get("actual_level")
        if actual is None:
            return Obstacle(Refusal.LAMP_SILENT)
        if held is None and reading.values.get("command_reason") == Reason.OVERRIDE:
            return Obstacle(Refusal.STILL_HELD, actual_level=actual)
        wanted = held.level if held else self._wanted.programme(command.target, self._clock.now())
        if not self._is_reached(command.target, actual, wanted) and (
            held or not self._is_behind(command.target, actual)
        ):
            return Obstacle(Refusal.LEVEL_NOT_REACHED, wanted_level=wanted, actual_level=actual)
        return _takes_power(reading, actual) if isinstance(command.action, LockOut) else None

    def _is_reached(self, device: str, actual: float, wanted: float) -> bool:
        return reached(actual, self._lamps[device].shown(wanted))

    def _is_behind(self, device: str, actual: float) -> bool:
        """True in a ramp of the programme, where a lamp that fades is always where it should have been just before."""
        now, lag = self._clock.now(), _LAG_S * self._clock.settings.speed
        then, level = (self._wanted.programme(device, at) for at in (now - timedelta(seconds=lag), now))
        return actual > OFF < level and min(then, level) - SAME <= actual <= max(then, level) + SAME

    def _held_by(self, command: Command) -> Override | None:
        """What holds the luminaire when the command is done; another one may stand there by now."""
        now = self._clock.now()
        if isinstance(command.action, Resume | Unlock):
            return self._wanted.override(command.target, now)
        return self._wanted.carried_out(command.target, at_a_level(after(Held(), command.action), now))

    def refusal(self, command: Command, obstacle: Obstacle) -> Answer:
        """The answer that ends a command badly."""
        log.info("command %s for %s is refused: %s", command.id, command.target, obstacle)
        return refused(command, obstacle, self._clock.now())

    def measured(self, command: Command, points: Sequence[TestPoint]) -> Answer:
        """The answer that ends a self-test well: what was measured, good or not."""
        return Answer(id=command.id, step=Step.READ_BACK, at=self._clock.now(), points=tuple(points))

    def confirmation(self, command: Command, reading: Reading) -> Answer:
        """The answer that ends a command well."""
        return Answer(
            id=command.id,
            step=Step.READ_BACK,
            at=self._clock.now(),
            actual_level=reading.values.get("actual_level"),
            active_power=reading.values.get("active_power"),
        )


def _overtakes(latest: Command, command: Command, now: datetime) -> bool:
    """True when a command comes too late to count. A lock-out counts until it is unlocked: nothing else that was
    issued after it knew that there was danger."""
    is_later = command.issued_at < latest.issued_at <= now + _AHEAD
    return is_later and (isinstance(latest.action, Unlock) or not isinstance(command.action, LockOut))


def _stronger(held: Held, command: Command) -> Obstacle | None:
    refusal = obstacle(held, command.action)
    return None if refusal is None else Obstacle(refusal)


def _order(held: Override | None) -> Hold | Release:
    return Release() if held is None else Hold(held.level, held.until)


def _takes_power(reading: Reading, actual: float) -> Obstacle | None:
    """A lamp that says that it is dark while it takes power is not: its relay may be welded."""
    power = reading.values.get("active_power")
    if power is None or power <= _DARK_BELOW_W:
        return None
    return Obstacle(Refusal.STILL_POWERED, wanted_level=0.0, actual_level=actual, power=power)
