"""Who decides the light of a luminaire. The highest rung that has something to say decides, and says why.

Safety lock-out, emergency, manual override, self-test, adaptive, calendar exception, weekly programme, astronomical
default, hardware default. What people command is a level of full light and holds as it is: somebody's 100 % is 100 %.
What is planned is a level of the luminaire's output, which is less than full light where it was trimmed.
"""

from dataclasses import dataclass
from datetime import datetime

from protocols.commands import Emergency, Held, LockOut, Override
from protocols.inventory import Control
from rules.adaptive import InForce
from rules.lighting import Lighting
from rules.programme import FULL, OFF, Decision, Reason, astronomical_level
from rules.relay import carried_out
from rules.sun import is_dark


@dataclass(frozen=True, slots=True)
class Light:
    """What one luminaire goes by when nobody holds it: `output` is the % of full light that counts as its 100. Of a
    relay every level is rounded up in the end (rules/relay.py)."""

    lighting: Lighting
    output: float = FULL
    adapted: tuple[InForce, ...] = ()
    control: Control = "dimmable"


@dataclass(frozen=True, slots=True)
class Planned:
    """What luminaires that run together should have: `level` is % of each one's output."""

    level: float
    reason: Reason
    source: str | None = None

    def of(self, output: float, control: Control = "dimmable") -> Decision:
        """What that is for a luminaire with an output (% of full light)."""
        return Decision(carried_out(control, self.level * output / FULL), self.reason, self.source)


def resolve(light: Light, held: Held, at: datetime | None) -> Decision:
    """What the light should be at a moment; `None` is that nobody knows the time. Total: it always answers.

    Without a time nothing that ends can be told from what has ended, and the sun stands nowhere: only the lock-out
    counts, and otherwise the luminaire is left to its own photocell.
    """
    programme = None if at is None else planned(light.lighting, light.adapted, at)
    found = None if programme is None else programme.of(light.output, light.control)
    return decided(held, found, at, light.control)


def decided(held: Held, programme: Decision | None, at: datetime | None, control: Control = "dimmable") -> Decision:
    """The same where the programme is known already: it is found once for all that run together."""
    above = standing(held, at)
    if above is not None:
        reason, action = above
        return Decision(OFF if isinstance(action, LockOut) else carried_out(control, action.level), reason)
    return programme or Decision(None, Reason.HARDWARE)


def standing(held: Held, at: datetime | None) -> tuple[Reason, LockOut | Emergency | Override] | None:
    """What stands above the programme and decides. Whatever has an end counts until just before it, and needs nobody
    to notice it."""
    if held.lock_out is not None:
        return Reason.SAFETY, held.lock_out
    if at is None:
        return None
    rungs = (Reason.EMERGENCY, held.emergency), (Reason.OVERRIDE, held.override), (Reason.SELF_TEST, held.test)
    return next(((why, action) for why, action in rungs if action is not None and at < action.until), None)


def planned(lighting: Lighting, adapted: tuple[InForce, ...], at: datetime) -> Planned:
    """What holds for all that run together, once for all of them."""
    programme = programmed(lighting, at)
    if not adapted or programme.level == OFF or not is_dark(lighting.curves.place, at):
        return programme  # an adaptation lights nothing that is off, and nothing by day
    return _adapted(programme, adapted, lighting.floor)


def programmed(lighting: Lighting, at: datetime) -> Planned:
    """The same without what adapts: the programme of the night, else the sun."""
    tonight = lighting.tonight(at)
    if tonight is None:
        place, timezone = lighting.curves.place, lighting.curves.timezone
        return Planned(astronomical_level(place, timezone, at), Reason.ASTRONOMICAL)
    reason = Reason.CALENDAR if tonight.is_exception else Reason.WEEKLY
    return Planned(tonight.curve.level(at), reason, tonight.programme.id)


def _adapted(programme: Planned, adapted: tuple[InForce, ...], floor: float) -> Planned:
    """First what lowers, then what raises: where both are in force, there is more light."""
    found = programme
    for one in sorted(adapted, key=lambda one: (one.adaptation.effect == "raise", one.adaptation.id)):
        level = _changed(found.level, one, floor)
        if level != found.level:
            found = Planned(level, Reason.ADAPTIVE, one.adaptation.id)
    return found


def _changed(level: float, one: InForce, floor: float) -> float:
    wanted = one.adaptation.level
    target = max(level, wanted) if one.adaptation.effect == "raise" else min(level, max(wanted, floor))
    on_its_way = float(round(level + one.share * (target - level)))  # in whole %, as a curve's ramp
    return target if one.share >= 1 else on_its_way
