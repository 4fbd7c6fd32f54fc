"""Devices are data: one YAML file each, with its source, its registers and checks made apart from our own codec."""

import difflib
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from importlib import resources
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, ValidationError, model_validator

from protocols import config
from protocols.config import ConfigError, ConfigModel, Problem
from protocols.inventory import Name
from protocols.modbus.registers import Order
from protocols.names import Id
from protocols.profiles import soundness
from protocols.profiles.points import LAST_ADDRESS, KnownQuantity, Point, RegisterField, Scale, Word
from protocols.profiles.sequences import DynamicMap, Step, Wait

__all__ = [
    "LAST_ADDRESS",
    "MOST_REGISTERS",
    "Check",
    "Evidence",
    "KnownProfile",
    "KnownQuantity",
    "Point",
    "Profile",
    "Scale",
    "Span",
    "Unsound",
    "checked",
    "library",
    "link_of",
    "parse_profile",
    "shelf",
]

T = TypeVar("T", bound=ConfigModel)

MOST_REGISTERS = 125  # Modbus Application Protocol V1.1b3, section 6.3


def _in_the_library(name: str) -> str:
    known = library()
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        advice = f"did you mean `{close[0]}`?" if close else f"there are {', '.join(known)}"
        raise ValueError(f"unknown profile {name!r}; {advice}")
    return name


KnownProfile = Annotated[Id, AfterValidator(_in_the_library)]


class Evidence(ConfigModel):
    """How we know. `grade`: manual (read by us), driver (another author's code), design (our own device)."""

    grade: Literal["manual", "driver", "design"]
    source: str = Field(min_length=10)


class Check(ConfigModel):
    """Words and the value that they mean, from somewhere other than our codec; `origin` says where. `beside` holds what
    other registers said that the value depends on."""

    quantity: KnownQuantity
    words: tuple[Word, ...]
    value: float | None
    beside: dict[RegisterField, Word] = Field(default_factory=dict)
    origin: str = Field(min_length=10)


class Span(ConfigModel):
    """Registers that the device refuses to have read, also as a gap inside a longer read."""

    first: RegisterField
    last: RegisterField


class Group(ConfigModel):
    """Levels of groups: that of group n stands n x `every` registers further on."""

    register_: RegisterField = Field(alias="register")
    count: int = Field(ge=1, le=256)
    every: int = Field(default=1, ge=1, le=1024)


class Reach(ConfigModel):
    """Where one write sets the level of several lamps, in the words of the point `programme_level`."""

    group: Group | None = None
    all: RegisterField | None = None


class Profile(ConfigModel):
    """One make of device.

    `block` is the stride of a device that repeats itself inside one unit, such as a luminaire inside a segment
    controller: block n starts n x block registers further on. `blocks` is how many there are, for a device whose blocks
    interlock. `start`, `wait` and `stop` are for a device that measures only when it is told to, `map` for one that
    tells where its values stand.
    """

    profile: Id
    kind: Id
    title: Name
    maker: str
    evidence: Evidence
    order: Order = Order.ABCD
    block: int | None = Field(default=None, ge=1, le=1024)
    blocks: int | None = Field(default=None, ge=1, le=1024)
    most_registers: int = Field(default=MOST_REGISTERS, ge=1, le=MOST_REGISTERS)
    across_holes: bool = Field(default=True, description="whether registers without a meaning may be read in between")
    write_function: Literal[6, 16] = Field(default=16, description="function code that writes one holding register")
    forbidden: tuple[Span, ...] = ()
    start: tuple[Step, ...] = ()
    wait: Wait = timedelta(0)
    stop: tuple[Step, ...] = ()
    map: DynamicMap | None = None
    reach: Reach | None = None
    points: tuple[Point, ...] = Field(min_length=1)
    checked_with: tuple[Check, ...] = Field(min_length=1)
    quirks: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _points_inherit(cls, raw: Any) -> Any:
        """The order of the device, and with a map its type and a place to start from."""
        if not isinstance(raw, dict) or not isinstance(raw.get("points"), list):
            return raw
        inherited = {"order": raw["order"]} if "order" in raw else {}
        found = raw.get("map")
        if isinstance(found, dict):
            inherited.update({"register": found.get("values"), "type": found.get("type", "float32")})
        return {**raw, "points": [{**inherited, **p} if isinstance(p, dict) else p for p in raw["points"]]}

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        for path, advice in soundness.mistakes(self):
            raise Unsound(path, advice)
        return self

    def point(self, quantity: str) -> Point:
        """The point of a quantity. Raises KeyError."""
        return {p.quantity: p for p in self.points}[quantity]

    @property
    def polled(self) -> tuple[Point, ...]:
        """The points that are read in every round."""
        return tuple(p for p in self.points if not p.write)

    @property
    def is_visited(self) -> bool:
        """True of a device that gives no value to a plain read: it is started first, or asked for its map."""
        return bool(self.start) or self.map is not None


class Unsound(ValueError):
    """A profile whose parts do not fit together; `path` is the place in the file."""

    def __init__(self, path: config.Path, advice: str) -> None:
        super().__init__(advice)
        self.path = path


def parse_profile(text: str | bytes, file: str) -> Profile:
    """A Modbus device profile from YAML. Raises ConfigError with file, line, key and advice."""
    return checked(config.parse(text, file), Profile)


@cache
def library() -> Mapping[str, Profile]:
    """The Modbus profiles that come with the package, by name."""
    found = [checked(document, Profile) for document in shelf() if link_of(document) is None]
    return {profile.profile: profile for profile in found}


@cache
def shelf() -> tuple[config.Document, ...]:
    """Every profile that comes with the package, on whatever link. Package data is part of the code, so this is no
    I/O."""
    folder = resources.files(__name__) / "library"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    return tuple(config.parse(f.read_text("utf-8"), f.name) for f in files)


def link_of(document: config.Document) -> str | None:
    """What a device hangs on; `None` is Modbus, whose profiles need not say it."""
    link = document.content.get("link") if isinstance(document.content, dict) else None
    return None if link is None else str(link)


def checked(document: config.Document, model: type[T]) -> T:
    """A profile of one kind, or ConfigError with every mistake on its own line, also one between its parts."""
    try:
        return config.validate(document, model)
    except ConfigError as error:
        raise ConfigError([_placed(document, p, error) for p in error.problems]) from error


def _placed(document: config.Document, problem: Problem, error: ConfigError) -> Problem:
    """A mistake between the parts of a profile is found at the top; bring it to its own line."""
    invalid = error.__cause__
    for detail in invalid.errors() if isinstance(invalid, ValidationError) else ():
        cause = detail.get("ctx", {}).get("error")
        if isinstance(cause, Unsound) and problem.advice == str(cause):
            return document.problem(cause.path, problem.advice)
    return problem
