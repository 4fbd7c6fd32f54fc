"""Light levels as devices count them."""

import math
from enum import StrEnum
from fractions import Fraction

DALI_FULL = 254
_STEPS_OF_TEN = 253 / 3  # IEC 62386-102: 253 steps from 0.1 % to 100 %, the same ratio each


class Curve(StrEnum):
    """How the device's number follows the light in %."""

    LINEAR = "linear"
    DALI = "dali"  # the logarithmic arc power of IEC 62386-102: 1 is 0.1 %, 254 is 100 %, 0 is off


def to_percent(number: float) -> float:
    """Light (%) of a logarithmic DALI level, 0 to 254; the last digit is that of the finest step."""
    if number <= 0:
        return 0.0
    return round(10 ** ((number - 1) / _STEPS_OF_TEN - 1), 3)


def from_percent(level: float) -> float:
    """The logarithmic DALI level, not yet rounded; what is below 0.1 % but not off is the lowest level."""
    if level <= 0:
        return 0.0
    return max(1.0, 1 + _STEPS_OF_TEN * (math.log10(level) + 1))


def scaled(number: float, scale: Fraction, offset: Fraction) -> float | None:
    """number x scale + offset; `None` beyond every float. Where the scale is no decimal, as 100/254, the value is
    rounded to the digits that one step needs."""
    try:
        exact = Fraction(repr(number)) * scale + offset
        return float(exact) if _is_decimal(scale) else round(float(exact), _digits(scale))
    except OverflowError:
        return None


def unscaled(value: float, scale: Fraction, offset: Fraction) -> float:
    """The device's number for a value."""
    return float((Fraction(repr(value)) - offset) / scale)


def _is_decimal(scale: Fraction) -> bool:
    rest = scale.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


def _digits(scale: Fraction) -> int:
    return max(0, math.ceil(-math.log10(abs(scale))))
