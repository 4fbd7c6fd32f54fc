"""DALI levels: 0 is off, 1 to 254 rise by the same factor from 0.1 to 100 % of light
(IEC 62386-102, as the manuals of gateways and DALI Cockpit tell it).

So half the light is level 229, not 127, which is 3 %. Whoever takes 254 for a straight line dims a street far too deep.
"""

import math

OFF, LOWEST, FULL = 0, 1, 254
MASK = 255  # "no change" when written, "not known" when read
_STEPS_PER_DECADE = 253 / 3  # 253 steps for the three decades between 0.1 and 100 %


def percent(level: float) -> float:
    """The light of a level from 0 to 254, in %, to the third decimal."""
    return 0.0 if level <= OFF else round(10 ** ((level - 1) / _STEPS_PER_DECADE - 1), 3)


def level(light: float) -> int:
    """The level nearest to a light in %. What is lit at all stays lit, as dim as the gear can. Raises OverflowError."""
    if not 0 <= light <= 100:
        raise OverflowError(f"{light} % has no DALI level")
    if light == 0:
        return OFF
    return max(LOWEST, round(1 + _STEPS_PER_DECADE * (math.log10(light) + 1)))
