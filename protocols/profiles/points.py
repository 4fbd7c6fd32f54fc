"""The points of a device: where one quantity stands, and how its registers become a value."""

import difflib
import math
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from protocols import dali
from protocols.config import ConfigModel
from protocols.modbus import registers
from protocols.modbus.registers import Number, Order, Register, Space, Type
from protocols.quantities import QUANTITIES

LAST_ADDRESS = 0xFFFF

_REGISTER = re.compile(r"(input|holding)/(0x[0-9A-Fa-f]{1,4}|\d{1,5})")
_UNSIGNED = {1: Type.UINT16, 2: Type.UINT32, 4: Type.UINT64}


def _register(text: object) -> Register:
    if isinstance(text, Register):
        return text
    match = _REGISTER.fullmatch(text) if isinstance(text, str) else None
    if match is None or int(match[2], 0) > LAST_ADDRESS:
        raise ValueError(f"{text!r} is not a register; write a table and an address, as in input/0x0010")
    return Register(Space(match[1]), int(match[2], 0))


def _scale(text: object) -> Fraction:
    try:
        scale = Fraction(str(text))
    except (ValueError, ZeroDivisionError) as error:
        raise ValueError(f"{text!r} is not a scale; write 0.1 or 1/10") from error
    if scale == 0:
        raise ValueError("a scale of 0 makes every value 0; give the size of one step")
    return scale


def _offset(text: object) -> Fraction:
    try:
        return Fraction(str(text))
    except (ValueError, ZeroDivisionError) as error:
        raise ValueError(f"{text!r} is not a number; write what is added after the scale, as in -40") from error


def _several(code: object) -> object:
    return (code,) if isinstance(code, int) else code


def _known(name: str) -> str:
    if name in QUANTITIES:
        return name
    close = difflib.get_close_matches(name, QUANTITIES, n=1, cutoff=0.8)
    advice = f"did you mean `{close[0]}`?" if close else "the dictionary is protocols/quantities.py"
    raise ValueError(f"unknown quantity {name!r}; {advice}")


RegisterField = Annotated[Register, BeforeValidator(_register)]
Scale = Annotated[Fraction, BeforeValidator(_scale)]
Offset = Annotated[Fraction, BeforeValidator(_offset)]
Codes = Annotated[tuple[Annotated[int, Field(ge=1, le=0xFFFF)], ...], BeforeValidator(_several)]
KnownQuantity = Annotated[str, AfterValidator(_known)]
Word = Annotated[int, Field(ge=0, le=0xFFFF)]


class Valid(ConfigModel):
    """A register that says whether a value can be used: it can when the bits of `mask` read `is`."""

    register_: RegisterField = Field(alias="register")
    mask: Word = 0xFFFF
    is_: Word = Field(default=0, alias="is")

    def allows(self, word: int) -> bool:
        """True when the value beside it is one."""
        return word & self.mask == self.is_


class UnitRegister(ConfigModel):
    """A register that names the unit in which the device is set to tell a value: the scale for each of its codes, in
    steps of the quantity's unit. With a code that is not here the value means something else, and is not known."""

    register_: RegisterField = Field(alias="register")
    scales: Mapping[Word, Scale] = Field(min_length=1)


class Point(ConfigModel):
    """One quantity of a device. Value = number in the registers x scale + offset, in the quantity's unit.

    `code` is for a device whose map has to be read first; its `register` is then only a place to start from. Of several
    codes the first that the device has counts.
    """

    quantity: KnownQuantity
    register_: RegisterField = Field(alias="register")
    type: Type
    scale: Scale = Fraction(1)
    offset: Offset = Fraction(0)
    order: Order = Order.ABCD
    no_value: tuple[int, ...] = Field(default=(), description="bit patterns, in big-endian order, for 'not known'")
    mask: int | None = Field(default=None, gt=0, description="only these bits of the number, moved down to bit 0")
    curve: Literal["dali"] | None = Field(default=None, description="levels that are not a straight line")
    code: Codes = ()
    valid: Valid | None = None
    unit: UnitRegister | None = None
    write: bool = Field(default=False, description="a point that is commanded, not polled")
    page: int | None = Field(default=None, description="only where the manual was read")
    note: str | None = None

    @property
    def width(self) -> int:
        """Registers that the point takes."""
        return registers.width(self.type)

    @property
    def last(self) -> int:
        """The last address that the point takes."""
        return self.register_.address + self.width - 1

    @property
    def beside(self) -> tuple[Register, ...]:
        """Single registers that have to be read too before the value is known."""
        return tuple(extra.register_ for extra in (self.valid, self.unit) if extra is not None)

    def decode(self, words: list[int], beside: Mapping[Register, int] | None = None) -> float | None:
        """The value in the quantity's unit, rounded as the device's scale rounds; `None` when it says "not known".

        `beside` holds what the registers of `beside` said; without it the value is taken as valid and in its own unit.
        """
        if registers.bits(words, self.order) in self.no_value:
            return None
        number = registers.decode(words, self.type, self.order)
        if not math.isfinite(number):
            return None
        scale = self._scale(beside) if beside else self.scale
        return None if scale is None else self._value(number, scale)

    def encode(self, value: float | None) -> list[int]:
        """The registers for a value; `None` becomes the first "not known" pattern. Raises OverflowError."""
        if value is None:
            return self._not_known()
        words = registers.encode(self._number(value), self.type, self.order)
        if registers.bits(words, self.order) in self.no_value:
            raise OverflowError(f"{self.quantity}: {value} would read as 'not known'")
        return words

    def _scale(self, beside: Mapping[Register, int]) -> Fraction | None:
        """The scale that holds at the moment; `None` when there is no value at all."""
        if self.valid is not None and not self.valid.allows(beside[self.valid.register_]):
            return None
        if self.unit is None:
            return self.scale
        return self.unit.scales.get(beside[self.unit.register_])

    def _value(self, number: Number, scale: Fraction) -> float | None:
        if self.curve is not None:
            return dali.percent(number) if number <= dali.FULL else None
        if self.mask is not None:
            number = (int(number) & self.mask) >> _lowest_bit(self.mask)
        if registers.is_float(self.type) and scale == 1 and not self.offset:
            return number
        return _scaled(number, scale, self.offset)

    def _number(self, value: float) -> Number:
        if self.curve is not None:
            return dali.level(value)
        number = (value - self.offset) / self.scale if self.offset else value / self.scale
        if self.mask is None:
            return number
        whole = round(number) << _lowest_bit(self.mask)
        if whole & ~self.mask:
            raise OverflowError(f"{self.quantity}: {value} does not fit into the bits of 0x{self.mask:04X}")
        return whole

    def _not_known(self) -> list[int]:
        if not self.no_value:
            raise OverflowError(f"{self.quantity} has no pattern for 'not known'")
        return registers.encode(self.no_value[0], _UNSIGNED[self.width], self.order)


def _lowest_bit(mask: int) -> int:
    return (mask & -mask).bit_length() - 1


def _scaled(number: Number, scale: Fraction, offset: Fraction) -> float | None:
    """Exact in the last digit that the scale has: 2301 x 1/10 is 230.1, and 32.001 x 1000 is 32001. `None` when the
    value is beyond every float: no device means that."""
    try:
        if isinstance(number, float) or offset:
            return float(Fraction(repr(number)) * scale + offset)
        return number * scale.numerator / scale.denominator
    except OverflowError:
        return None
