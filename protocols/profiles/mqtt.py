"""Devices that speak MQTT are data too: topics, places in their JSON, and what they are told.

A topic begins with {device}, which stands for the device's own level (or levels) under the prefix of its link; so one
broker account, which reaches that level and nothing else, is enough for every make.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from fractions import Fraction
from functools import cache
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    Field,
    JsonValue,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    model_validator,
)

from protocols import config, dali
from protocols.config import ConfigModel
from protocols.durations import Span
from protocols.inventory import Name
from protocols.mqtt import levels
from protocols.mqtt.documents import Pointer
from protocols.mqtt.levels import Curve
from protocols.mqtt.times import Format
from protocols.names import Id
from protocols.profiles import Evidence, Profile, Unsound, checked, link_of, mqtt_soundness, shelf
from protocols.profiles import library as modbus_library
from protocols.profiles.points import KnownQuantity, Scale

LINK = "mqtt"
PLACEHOLDERS = ("device", "level", "until", "id")
LEVEL = "actual_level"

_HOLES = re.compile(r"\{([^{}]*)\}")
_WILD = re.compile(r"[+#\x00]")

Scalar = StrictBool | StrictInt | StrictFloat | StrictStr | None


def _topic(text: str) -> str:
    if _WILD.search(text):
        raise ValueError(f"{text!r} has a wildcard; write the topic of one device, with {{device}} in it")
    if text != "{device}" and not text.startswith("{device}/"):
        raise ValueError(f"{text!r} does not begin with {{device}}, the one level that the device's account reaches")
    return _template(text)


def _template(text: str) -> str:
    for name in _HOLES.findall(text):
        if name not in PLACEHOLDERS:
            raise ValueError(f"unknown placeholder {{{name}}}; there are {' '.join(f'{{{p}}}' for p in PLACEHOLDERS)}")
    return text


def _body(body: JsonValue) -> JsonValue:
    for text in _texts(body):
        _template(text)
    return body


def _texts(body: JsonValue) -> Iterator[str]:
    if isinstance(body, str):
        yield body
    elif isinstance(body, list | dict):
        for part in body.values() if isinstance(body, dict) else body:
            yield from _texts(part)


Topic = Annotated[str, AfterValidator(_topic)]
Body = Annotated[JsonValue, AfterValidator(_body)]


class Match(ConfigModel):
    """A place in a document and what stands there."""

    pointer: Pointer
    is_: Scalar = Field(alias="is")


class Time(ConfigModel):
    """Where a report says when it was measured. A report without it was measured when it arrived.

    `late_up_to` is how old a report may be that the device has kept for later; what is older, or from the future, comes
    from a wrong clock."""

    pointer: Pointer
    format: Format
    late_up_to: Span = timedelta(minutes=5)


class Point(ConfigModel):
    """One quantity of a report. Value = number in the document x scale + offset, in the quantity's unit."""

    quantity: KnownQuantity
    pointer: Pointer
    type: Literal["number", "numeric_text", "boolean", "word"] = "number"
    scale: Scale = Fraction(1)
    offset: float = 0
    curve: Curve = Curve.LINEAR
    words: Mapping[str, float] = Field(default_factory=dict, description="what each word means, for type word")
    no_value: tuple[Scalar, ...] = Field(default=(), description="what stands for 'not known', beside null")
    zero_when: Match | None = Field(default=None, description="0 whatever the pointer says, such as a lamp that is off")
    note: str | None = None


class Report(ConfigModel):
    """What a device publishes under one topic."""

    topic: Topic
    time: Time | None = None
    points: tuple[Point, ...] = Field(min_length=1)


class Availability(ConfigModel):
    """How it is known that a device is there: its last will, or how long it may be silent."""

    topic: Topic | None = None
    pointer: Pointer | None = Field(default=None, description="into JSON; without it the payload is the word itself")
    online: str = "online"
    offline: str = "offline"
    expire_after: Span | None = None


class Acknowledged(ConfigModel):
    """The device's word that it has the order. It may echo what was asked, and so confirms nothing."""

    topic: Topic
    pointer: Pointer = ""
    is_: Annotated[Scalar, AfterValidator(_body)] = Field(alias="is")


class Order(ConfigModel):
    """A message to the device; a body that is one placeholder becomes a number. QoS 1, never retained."""

    topic: Topic
    body: Body
    acknowledged: Acknowledged | None = None


class Control(ConfigModel):
    """How a luminaire is given its level. Number on the wire = level (%) by scale, offset and curve, rounded."""

    scale: Scale = Fraction(1)
    offset: float = 0
    curve: Curve = Curve.LINEAR
    set: Order
    zero: Order | None = Field(default=None, description="for level 0, where that is an order of its own")
    ask: Order | None = Field(default=None, description="makes the device report now")
    acknowledged_within: Span = timedelta(seconds=5)
    reached_within: Span = timedelta(seconds=15)
    listens_for: Span | None = Field(default=None, description="of a device that sleeps: how long after it has spoken")

    def order(self, level: float) -> Order:
        """What the device is told for a level (%)."""
        return self.zero if self.zero is not None and level <= 0 else self.set

    def number(self, level: float) -> int:
        """The number on the wire for a level (%). What is not off stays lit; a device that tells more than full light
        has full light."""
        level = min(max(level, 0.0), 100.0)
        if self.curve is Curve.DALI:
            return dali.level(level)
        number = round(levels.unscaled(level, self.scale, Fraction(repr(self.offset))))
        dark = round(levels.unscaled(0.0, self.scale, Fraction(repr(self.offset))))
        return number if number != dark or level <= 0 else dark + (1 if self.scale > 0 else -1)


class Check(ConfigModel):
    """A payload as it was seen somewhere else, and what it means; `origin` says where."""

    topic: Topic
    payload: str
    values: Mapping[KnownQuantity, float | None]
    at: AwareDatetime | None = None
    origin: str = Field(min_length=10)


class OrderCheck(ConfigModel):
    """A level (%) and the message that it becomes, from somewhere other than our codec."""

    level: float = Field(ge=0, le=100)
    topic: Topic
    payload: JsonValue
    origin: str = Field(min_length=10)


class MqttProfile(ConfigModel):
    """One make of device that speaks MQTT."""

    profile: Id
    link: Literal["mqtt"]
    kind: Id
    title: Name
    maker: str
    evidence: Evidence
    reports: tuple[Report, ...] = Field(min_length=1)
    availability: Availability = Availability()
    control: Control | None = None
    checked_with: tuple[Check, ...] = Field(min_length=1)
    orders_checked_with: tuple[OrderCheck, ...] = ()
    quirks: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        for path, advice in mqtt_soundness.mistakes(self):
            raise Unsound(path, advice)
        return self

    @property
    def points(self) -> tuple[Point, ...]:
        """Every point of every report."""
        return tuple(point for report in self.reports for point in report.points)

    @property
    def heard(self) -> tuple[str, ...]:
        """What the edge listens to, as patterns: the topics that the device's account may write."""
        own = [report.topic for report in self.reports]
        own += [self.availability.topic] if self.availability.topic else []
        own += [order.acknowledged.topic for order in self.orders if order.acknowledged]
        return tuple(dict.fromkeys(own))

    @property
    def told(self) -> tuple[str, ...]:
        """What the device listens to, as patterns."""
        return tuple(dict.fromkeys(order.topic for order in self.orders))

    @property
    def orders(self) -> tuple[Order, ...]:
        """Everything that the device can be told."""
        control = self.control
        found = (control.set, control.zero, control.ask) if control else ()
        return tuple(order for order in found if order is not None)

    @property
    def is_driven(self) -> bool:
        """True of a luminaire that can be given a level and says which it has."""
        return self.control is not None and any(point.quantity == LEVEL for point in self.points)


def parse_any_profile(text: str | bytes, file: str) -> Profile | MqttProfile:
    """A profile of either kind, by its `link`. Raises ConfigError with file, line, key and advice."""
    document = config.parse(text, file)
    return checked(document, MqttProfile) if link_of(document) == LINK else checked(document, Profile)


def parse_mqtt_profile(text: str | bytes, file: str) -> MqttProfile:
    """A profile with `link: mqtt` from YAML. Raises ConfigError with file, line, key and advice."""
    return checked(config.parse(text, file), MqttProfile)


@cache
def library() -> Mapping[str, MqttProfile]:
    """The MQTT profiles that come with the package, by name."""
    found = [checked(document, MqttProfile) for document in shelf() if link_of(document) == LINK]
    return {profile.profile: profile for profile in found}


def every_profile() -> list[Profile | MqttProfile]:
    """The whole library, of either kind."""
    return [*modbus_library().values(), *library().values()]
