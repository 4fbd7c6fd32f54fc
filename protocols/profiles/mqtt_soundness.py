"""What does not fit together in an MQTT profile whose parts are each right: places, each with an advice."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson

from protocols import config
from protocols.config import Found
from protocols.mqtt import messages
from protocols.mqtt.documents import Unusable
from protocols.mqtt.messages import Heard, Told

if TYPE_CHECKING:  # the model of a profile calls this module
    from protocols.profiles.mqtt import Check, MqttProfile, OrderCheck, Point

_SOME_DAY = datetime(2026, 11, 21, tzinfo=UTC)


def mistakes(profile: "MqttProfile") -> Found:
    """Every one of them."""
    yield from _twice(profile)
    yield from _wordless(profile)
    yield from _blind_orders(profile)
    yield from _failed_checks(profile)
    yield from _unchecked_orders(profile)
    yield from _failed_orders(profile)


def _twice(profile: "MqttProfile") -> Found:
    yield from config.repeated((("reports", n, "topic"), report.topic) for n, report in enumerate(profile.reports))
    for n, report in enumerate(profile.reports):
        places = ((("reports", n, "points", m, "quantity"), p.quantity) for m, p in enumerate(report.points))
        yield from config.repeated(places)


def _wordless(profile: "MqttProfile") -> Found:
    for path, point in _points(profile):
        if bool(point.words) != (point.type == "word"):
            yield (*path, "words"), "a point of type word says what each word means, and no other does"


def _blind_orders(profile: "MqttProfile") -> Found:
    """A level that is never reported can never be confirmed."""
    if profile.control is not None and not profile.is_driven:
        yield ("control",), "no report has an actual_level, so that no command could ever be confirmed"


def _failed_checks(profile: "MqttProfile") -> Found:
    for n, check in enumerate(profile.checked_with):
        try:
            yield from _wrong(profile, n, check)
        except Unusable as error:
            yield ("checked_with", n, "payload"), f"{error}"


def _wrong(profile: "MqttProfile", n: int, check: "Check") -> Found:
    heard = _read(profile, check)
    if heard is None:
        yield ("checked_with", n, "topic"), f"{check.topic} is not the topic of a report"
        return
    for fault in heard.faults:
        yield ("checked_with", n, "payload"), f"{fault}; check pointer and type"
    for quantity in check.values.keys() | heard.values.keys():
        if not _agree(quantity, check, heard):
            said, found = check.values.get(quantity, "nothing"), heard.values.get(quantity, "nothing")
            advice = f"this payload means {quantity} {found}, not {said}; check pointer, type, scale"
            yield ("checked_with", n, "values"), advice
    if check.at is not None and int(check.at.timestamp()) != heard.at:
        said_at = datetime.fromtimestamp(heard.at, UTC).isoformat()
        yield ("checked_with", n, "at"), f"this payload is of {said_at}, not {check.at.isoformat()}; check the format"


def _agree(quantity: str, check: "Check", heard: Heard) -> bool:
    both = quantity in check.values and quantity in heard.values
    return both and _same(heard.values[quantity], check.values[quantity])


def _read(profile: "MqttProfile", check: "Check") -> Heard | None:
    """Arrived when it was measured, in a city that lives by UTC."""
    arrived = (check.at or _SOME_DAY).timestamp()
    for report in profile.reports:
        if report.topic == check.topic:
            timed = report if check.at else report.model_copy(update={"time": None})
            return messages.decode(timed, check.payload.encode(), arrived, UTC)
    return None


def _unchecked_orders(profile: "MqttProfile") -> Found:
    if profile.control is not None and not profile.orders_checked_with:
        yield ("control",), "has no orders_checked_with; give a level and the message that it becomes"


def _failed_orders(profile: "MqttProfile") -> Found:
    for n, check in enumerate(profile.orders_checked_with):
        if profile.control is None:
            yield ("orders_checked_with", n), "there is no control; take it out, or add one"
            continue
        control = profile.control
        order = control.order(check.level)
        sent = messages.written(order, Told("{device}", control.number(check.level)))
        if sent.topic != check.topic:
            yield ("orders_checked_with", n, "topic"), f"level {check.level:g} goes to {sent.topic}"
        if sent.payload != _payload(check):
            advice = f"level {check.level:g} becomes {sent.payload.decode()}; check body, scale, curve"
            yield ("orders_checked_with", n, "payload"), advice


def _payload(check: "OrderCheck") -> bytes:
    return check.payload.encode() if isinstance(check.payload, str) else orjson.dumps(check.payload)


def _points(profile: "MqttProfile") -> Iterator[tuple[config.Path, "Point"]]:
    for n, report in enumerate(profile.reports):
        for m, point in enumerate(report.points):
            yield ("reports", n, "points", m), point


def _same(found: float | None, said: float | None) -> bool:
    if found is None or said is None:
        return found is said
    return math.isclose(found, said, rel_tol=1e-6, abs_tol=1e-9)
