"""What a message of a device means, and how a message to it is written. Pure: the time of arrival is an argument."""

import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import tzinfo
from fractions import Fraction
from typing import TYPE_CHECKING

import orjson
from pydantic import JsonValue

from protocols import dali
from protocols.mqtt import levels, times
from protocols.mqtt.documents import MISSING, Fault, Missing, Unusable, find, parse, shown
from protocols.mqtt.levels import Curve
from protocols.readings import Quality

if TYPE_CHECKING:  # the models check themselves by this module
    from protocols.profiles.mqtt import Acknowledged, Availability, Match, Order, Point, Report, Time

FRESH_S = 60.0  # a report that is older on arrival tells the past: the device had kept it
_AHEAD_S = 60.0  # a clock that runs ahead by less is not wrong, only badly set


@dataclass(frozen=True, slots=True)
class Heard:
    """One report. `at` is whole seconds UTC; `timed` when the device said it and could be believed; `fresh` when it
    tells of now. `faults` is what could not be used."""

    values: Mapping[str, float | None]
    at: int
    timed: bool
    fresh: bool
    flags: Mapping[str, Quality] = field(default_factory=dict)
    faults: tuple[Unusable, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """What is published, at QoS 1 and never retained."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Told:
    """What the placeholders of an order stand for; `until` is Unix seconds, 0 without an end."""

    device: str
    level: int = 0
    until: int = 0
    id: int = 0


def decode(report: "Report", payload: bytes, arrived: float, local: tzinfo, slack_s: float = 0.0) -> Heard:
    """What a report says. `slack_s` is how long it may have been on its way in the city's time. Raises Unusable when
    nothing of it can be used."""
    document = parse(payload)
    values: dict[str, float | None] = {}
    faults: list[Unusable] = []
    for point in report.points:
        try:
            value = _value(point, document)
        except Unusable as fault:
            faults.append(fault)
        else:
            if not isinstance(value, Missing):
                values[point.quantity] = value
    return _timed(report.time, document, _Arrival(arrived, local, slack_s), values, faults)


def is_online(availability: "Availability", payload: bytes) -> bool | None:
    """What a device's last will says, or `None` when it is neither word. A bare word counts where JSON is usual: a
    gateway of an older version still writes one."""
    said: JsonValue | Missing = _text(payload)
    if availability.pointer is not None:
        with suppress(Unusable):
            said = find(parse(payload), availability.pointer)
    return {availability.online: True, availability.offline: False}.get(said) if isinstance(said, str) else None


def written(order: "Order", told: Told) -> Message:
    """The message of an order."""
    body = _filled(order.body, told)
    payload = str(body).encode() if isinstance(order.body, str) else orjson.dumps(body)
    return Message(topic(order.topic, told.device), payload)


def is_acknowledged(acknowledged: "Acknowledged", payload: bytes, told: Told) -> bool:
    """True when a message on the acknowledgement's topic is the one for what was told."""
    try:
        said = find(parse(payload), acknowledged.pointer)
    except Unusable:
        said = _text(payload)
    return not isinstance(said, Missing) and _equal(said, _filled(acknowledged.is_, told))


def topic(pattern: str, device: str) -> str:
    """A pattern with its device filled in."""
    return pattern.replace("{device}", device)


@dataclass(frozen=True, slots=True)
class _Arrival:
    at: float
    local: tzinfo
    slack_s: float


def _timed(
    time: "Time | None",
    document: JsonValue,
    arrival: _Arrival,
    values: Mapping[str, float | None],
    faults: Iterable[Unusable],
) -> Heard:
    """The report with its time: the device's where it has one that can be, that of its arrival otherwise. A value whose
    time was replaced is as good as ever, but its time has not been evaluated."""
    try:
        own = _own_time(time, document, arrival)
    except Unusable as fault:
        flags = dict.fromkeys(values, Quality.NOT_EVALUATED)
        return Heard(values, int(arrival.at), False, True, flags, (*faults, fault))
    if own is None:
        return Heard(values, int(arrival.at), False, True, faults=tuple(faults))
    fresh = arrival.at - own <= FRESH_S + arrival.slack_s
    return Heard(values, int(min(own, arrival.at)), True, fresh, faults=tuple(faults))


def _own_time(time: "Time | None", document: JsonValue, arrival: _Arrival) -> float | None:
    said = find(document, time.pointer) if time else MISSING
    if time is None or isinstance(said, Missing) or said is None:
        return None
    found = times.moment(said, time.format, arrival.local)
    oldest = arrival.at - time.late_up_to.total_seconds() - arrival.slack_s
    if not oldest <= found <= arrival.at + _AHEAD_S + arrival.slack_s:
        raise Unusable(Fault.WRONG_CLOCK, f"the device's clock says {shown(said)}")
    return found


def _value(point: "Point", document: JsonValue) -> float | Missing | None:
    """Raises Unusable."""
    if point.zero_when is not None and _matches(point.zero_when, document):
        return 0.0
    said = find(document, point.pointer)
    if isinstance(said, Missing):
        return MISSING
    if said is None or any(_equal(said, none) for none in point.no_value):
        return None
    return _converted(point, _number(point, said))


def _matches(match: "Match", document: JsonValue) -> bool:
    found = find(document, match.pointer)
    return not isinstance(found, Missing) and _equal(found, match.is_)


def _number(point: "Point", said: JsonValue) -> float:
    if point.type == "word" and isinstance(said, str) and said in point.words:
        return point.words[said]
    if point.type == "boolean" and isinstance(said, bool):
        return float(said)
    if point.type == "number" and isinstance(said, int | float) and not isinstance(said, bool):
        return said
    if point.type == "numeric_text" and isinstance(said, str):
        return _from_text(point, said)
    raise Unusable(Fault.WRONG_TYPE, f"{point.quantity} should be a {point.type}, not {shown(said)}")


def _from_text(point: "Point", said: str) -> float:
    try:
        number = float(said)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Unusable(Fault.WRONG_TYPE, f"{point.quantity} should be a {point.type}, not {said[:40]!r}")
    return number


def _converted(point: "Point", number: float) -> float | None:
    if point.curve is Curve.DALI:
        return dali.percent(min(number, dali.FULL))
    return levels.scaled(number, point.scale, Fraction(repr(point.offset)))


def _filled(body: JsonValue, told: Told) -> JsonValue:
    if isinstance(body, dict):
        return {name: _filled(part, told) for name, part in body.items()}
    if isinstance(body, list):
        return [_filled(part, told) for part in body]
    return _filled_text(body, told) if isinstance(body, str) else body


def _filled_text(text: str, told: Told) -> JsonValue:
    """A text that is one placeholder becomes the number that it stands for."""
    numbers = {"{level}": told.level, "{until}": told.until, "{id}": told.id}
    if text in numbers:
        return numbers[text]
    for name, number in numbers.items():
        text = text.replace(name, str(number))
    return text.replace("{device}", told.device)


def _text(payload: bytes) -> str:
    return payload.decode("utf-8", "replace").strip()


def _equal(one: object, other: object) -> bool:
    """Equal as JSON is: true is not 1."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other
