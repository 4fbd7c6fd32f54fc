"""Light levels as devices count them."""

import math
from enum import StrEnum
from fractions import Fraction


class Curve(StrEnum):
    """How the device's number follows the light in %."""

    LINEAR = "linear"
    DALI = "dali"  # protocols/dali.py


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
