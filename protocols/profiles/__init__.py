"""Devices are data: one YAML file each, with its source, its registers and checks made apart from our own codec."""

import difflib
import math
import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from protocols import config
from protocols.config import ConfigError, ConfigModel, Problem
from protocols.inventory import Name
from protocols.modbus import registers
from protocols.modbus.registers import Order, Register, Space, Type
from protocols.names import Id
from protocols.quantities import QUANTITIES

MOST_REGISTERS = 125  # Modbus Application Protocol V1.1b3, section 6.3
LAST_ADDRESS = 0xFFFF

_REGISTER = re.compile(r"(input|holding)/(0x[0-9A-Fa-f]{1,4}|\d{1,5})")


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


def _known(name: str) -> str:
    if name in QUANTITIES:
        return name
    close = difflib.get_close_matches(name, QUANTITIES, n=1, cutoff=0.8)
    advice = f"did you mean `{close[0]}`?" if close else "the dictionary is protocols/quantities.py"
    raise ValueError(f"unknown quantity {name!r}; {advice}")


def _in_the_library(name: str) -> str:
    known = library()
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        advice = f"did you mean `{close[0]}`?" if close else f"there are {', '.join(known)}"
        raise ValueError(f"unknown profile {name!r}; {advice}")
    return name


RegisterField = Annotated[Register, BeforeValidator(_register)]
Scale = Annotated[Fraction, BeforeValidator(_scale)]
KnownQuantity = Annotated[str, AfterValidator(_known)]
KnownProfile = Annotated[Id, AfterValidator(_in_the_library)]
Word = Annotated[int, Field(ge=0, le=0xFFFF)]


class Point(ConfigModel):
    """One quantity of a device. Value = number in the registers x scale, in the quantity's unit."""

    quantity: KnownQuantity
    register_: RegisterField = Field(alias="register")
    type: Type
    scale: Scale = Fraction(1)
    order: Order = Order.ABCD
    no_value: tuple[int, ...] = Field(default=(), description="bit patterns, in big-endian order, for 'not known'")
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

    def decode(self, words: list[int]) -> float | None:
        """The value in the quantity's unit, rounded as the device's scale rounds; `None` when it says "not known"."""
        if registers.bits(words, self.order) in self.no_value:
            return None
        number = registers.decode(words, self.type, self.order)
        if not math.isfinite(number):
            return None
        return number if registers.is_float(self.type) and self.scale == 1 else _scaled(number, self.scale)

    def encode(self, value: float | None) -> list[int]:
        """The registers for a value; `None` becomes the first "not known" pattern. Raises OverflowError."""
        if value is None:
            return self._not_known()
        words = registers.encode(value / self.scale, self.type, self.order)
        if registers.bits(words, self.order) in self.no_value:
            raise OverflowError(f"{self.quantity}: {value} would read as 'not known'")
        return words

    def _not_known(self) -> list[int]:
        if not self.no_value:
            raise OverflowError(f"{self.quantity} has no pattern for 'not known'")
        return registers.encode(self.no_value[0], _UNSIGNED[self.width], self.order)


def _scaled(number: float, scale: Fraction) -> float | None:
    """Exact in the last digit that the scale has: 2301 x 1/10 is 230.1, and 32.001 x 1000 is 32001. `None` when the
    value is beyond every float: no device means that."""
    try:
        if isinstance(number, float):
            return float(Fraction(repr(number)) * scale)
        return number * scale.numerator / scale.denominator
    except OverflowError:
        return None


_UNSIGNED = {1: Type.UINT16, 2: Type.UINT32, 4: Type.UINT64}


class Evidence(ConfigModel):
    """How we know. `grade`: manual (read by us), driver (another author's code), design (our own device)."""

    grade: Literal["manual", "driver", "design"]
    source: str = Field(min_length=10)


class Check(ConfigModel):
    """Words and the value that they mean, from somewhere other than our codec; `origin` says where."""

    quantity: KnownQuantity
    words: tuple[Word, ...]
    value: float | None
    origin: str = Field(min_length=10)


class Span(ConfigModel):
    """Registers that the device refuses to have read, also as a gap inside a longer read."""

    first: RegisterField
    last: RegisterField


class Profile(ConfigModel):
    """One make of device. `block` is the stride of a device that repeats itself inside one unit, such as a luminaire
    inside a segment controller: block n starts n x block registers further on."""

    profile: Id
    kind: Id
    title: Name
    maker: str
    evidence: Evidence
    order: Order = Order.ABCD
    block: int | None = Field(default=None, ge=1, le=1024)
    most_registers: int = Field(default=MOST_REGISTERS, ge=1, le=MOST_REGISTERS)
    forbidden: tuple[Span, ...] = ()
    points: tuple[Point, ...] = Field(min_length=1)
    checked_with: tuple[Check, ...] = Field(min_length=1)
    quirks: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _points_inherit_the_order(cls, raw: Any) -> Any:
        if isinstance(raw, dict) and "order" in raw and isinstance(raw.get("points"), list):
            points = [{"order": raw["order"], **p} if isinstance(p, dict) else p for p in raw["points"]]
            return {**raw, "points": points}
        return raw

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        for path, advice in _mistakes(self):
            raise Unsound(path, advice)
        return self

    def point(self, quantity: str) -> Point:
        """The point of a quantity. Raises KeyError."""
        return {p.quantity: p for p in self.points}[quantity]

    @property
    def polled(self) -> tuple[Point, ...]:
        """The points that are read in every round."""
        return tuple(p for p in self.points if not p.write)


class Unsound(ValueError):
    """A profile whose parts do not fit together; `path` is the place in the file."""

    def __init__(self, path: config.Path, advice: str) -> None:
        super().__init__(advice)
        self.path = path


def parse_profile(text: str | bytes, file: str) -> Profile:
    """A device profile from YAML. Raises ConfigError with file, line, key and advice."""
    document = config.parse(text, file)
    try:
        return config.validate(document, Profile)
    except ConfigError as error:
        raise ConfigError([_placed(document, p, error) for p in error.problems]) from error


@cache
def library() -> Mapping[str, Profile]:
    """The profiles that come with the package, by name. Package data is part of the code, so this is no I/O."""
    folder = resources.files(__name__) / "library"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    profiles = [parse_profile(f.read_text("utf-8"), f.name) for f in files]
    return {p.profile: p for p in profiles}


def _placed(document: config.Document, problem: Problem, error: ConfigError) -> Problem:
    """A mistake between the parts of a profile is found at the top; bring it to its own line."""
    invalid = error.__cause__
    for detail in invalid.errors() if isinstance(invalid, ValidationError) else ():
        cause = detail.get("ctx", {}).get("error")
        if isinstance(cause, Unsound) and problem.advice == str(cause):
            return document.problem(cause.path, problem.advice)
    return problem


def _mistakes(profile: Profile) -> Iterator[tuple[config.Path, str]]:
    yield from _overlaps(profile)
    yield from _out_of_bounds(profile)
    yield from _unseen_patterns(profile)
    yield from _wrong_spans(profile)
    yield from _failed_checks(profile)


def _overlaps(profile: Profile) -> Iterator[tuple[config.Path, str]]:
    taken: dict[Register, str] = {}
    names: set[str] = set()
    for n, point in enumerate(profile.points):
        if point.quantity in names:
            yield ("points", n, "quantity"), f"{point.quantity} stands twice; keep one"
        names.add(point.quantity)
        for address in range(point.register_.address, point.last + 1):
            register = Register(point.register_.space, address)
            if register in taken:
                advice = f"{point.quantity} ({point.type}) overlaps {taken[register]} at {register}"
                yield ("points", n, "register"), f"{advice}; check address and type"
            taken[register] = point.quantity


def _out_of_bounds(profile: Profile) -> Iterator[tuple[config.Path, str]]:
    for n, point in enumerate(profile.points):
        if point.last > LAST_ADDRESS:
            end = Register(point.register_.space, LAST_ADDRESS)
            yield (
                ("points", n, "register"),
                f"{point.quantity} ({point.type}) ends beyond {end}; check address and type",
            )
        if profile.block is not None and point.last >= profile.block:
            yield ("points", n, "register"), f"{point.quantity} stands outside its block of {profile.block} registers"
        if point.width > profile.most_registers:
            advice = f"takes {point.width} registers, but a request may have only {profile.most_registers}"
            yield ("points", n, "type"), f"{point.quantity} {advice}"


def _unseen_patterns(profile: Profile) -> Iterator[tuple[config.Path, str]]:
    for n, point in enumerate(profile.points):
        for pattern in point.no_value:
            if not 0 <= pattern < 1 << 16 * point.width:
                advice = f"0x{pattern:X} does not fit into {point.type}, so it would never be seen"
                yield ("points", n, "no_value"), advice


def _wrong_spans(profile: Profile) -> Iterator[tuple[config.Path, str]]:
    for n, span in enumerate(profile.forbidden):
        if span.first.space is not span.last.space or span.first > span.last:
            yield ("forbidden", n, "last"), f"{span.last} is not after {span.first} in the same table"
        for m, point in enumerate(profile.points):
            inside = point.register_.space is span.first.space and point.register_.address <= span.last.address
            if inside and not point.write and point.last >= span.first.address:
                yield ("points", m, "register"), f"{point.quantity} stands in the forbidden range from {span.first}"


def _failed_checks(profile: Profile) -> Iterator[tuple[config.Path, str]]:
    points = {p.quantity: p for p in profile.points}
    for n, check in enumerate(profile.checked_with):
        point = points.get(check.quantity)
        if point is None:
            yield ("checked_with", n, "quantity"), f"{check.quantity} is not one of the points"
        elif len(check.words) != point.width:
            yield ("checked_with", n, "words"), f"{point.type} has {point.width} registers, not {len(check.words)}"
        elif not _same(point.decode(list(check.words)), check.value):
            found = point.decode(list(check.words))
            yield ("checked_with", n, "value"), f"these words mean {found}, not {check.value}; check type, order, scale"


def _same(found: float | None, said: float | None) -> bool:
    if found is None or said is None:
        return found is said
    return math.isclose(found, said, rel_tol=1e-6, abs_tol=1e-9)
