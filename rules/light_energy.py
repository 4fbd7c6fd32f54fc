"""What a night of light takes, and what it saves against full light from sunset to sunrise.

These are expectations from the curve of a type of luminaire (`rules/expected_power.py`), not measurements.
"""

from collections.abc import Iterator, Sequence
from datetime import date, tzinfo

from protocols.inventory import Control, Place
from rules.expected_power import expected_power
from rules.nights import OFF, Curve, Point, curve_of, darkness_of
from rules.relay import carried_out

FULL = 100.0
_WS_A_KWH = 3_600_000


def night_kwh(
    curve: Curve, power: Sequence[tuple[float, float]], output: float = FULL, control: Control = "dimmable"
) -> float:
    """What one luminaire takes from noon to noon.

    `power` has points (level %, W), `output` is the % of full light that counts as the curve's 100. A luminaire that is
    off takes what its curve says for 0 %, and nothing when it does not begin there. A relay saves nothing by dimming.
    """
    levels = {level: carried_out(control, level * output / FULL) for _, level in _stretches(curve)}
    watts = {level: expected_power(power, taken) for level, taken in levels.items()}
    return sum(watts[level] * seconds for seconds, level in _stretches(curve)) / _WS_A_KWH


def full_light(night: date, place: Place, timezone: tzinfo) -> Curve:
    """What is saved against: full light from sunset to sunrise."""
    sun = darkness_of(night, place, timezone)
    points = () if sun is None else (Point(sun.sunset, FULL, 0), Point(sun.sunrise, OFF, 0))
    return curve_of(night, timezone, points)


def saving(kwh: float, full_kwh: float) -> float | None:
    """The share (0 to 1; negative: it takes more) that is saved; `None` where full light takes nothing."""
    return 1 - kwh / full_kwh if full_kwh > 0 else None


def _stretches(curve: Curve) -> Iterator[tuple[float, float]]:
    """Seconds, and the level (%) for so long."""
    since, level = curve.begin, OFF
    for at, after in curve.jumps:
        yield (at - since).total_seconds(), level
        since, level = at, after
    yield (curve.end - since).total_seconds(), level
