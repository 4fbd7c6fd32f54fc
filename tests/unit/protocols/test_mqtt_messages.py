"""A message of a device becomes values with a time, or a fault with a name; nothing else comes of it."""

import math
from contextlib import suppress
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.mqtt import documents, levels, messages
from protocols.mqtt.documents import MISSING, Fault, Unusable, find
from protocols.mqtt.levels import Curve
from protocols.mqtt.messages import Heard, Told
from protocols.mqtt.times import Format
from protocols.profiles.mqtt import Availability, Control, MqttProfile, Order, Point, Report, Time, library
from protocols.quantities import QUANTITIES
from protocols.readings import Quality

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
NOW = datetime(2026, 11, 21, 13, 0, 5, tzinfo=UTC).timestamp()
RFC = orjson.loads(
    '{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\\\j":5,"k\\"l":6," ":7,"m~n":8}'
)  # the document of RFC 6901, section 5


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", RFC),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/e^f", 3),
        ("/g|h", 4),
        ("/i\\j", 5),
        ('/k"l', 6),
        ("/ ", 7),
        ("/m~0n", 8),
        ("/foo/2", MISSING),
        ("/foo/01", MISSING),
        ("/foo/-", MISSING),
        ("/foo/bar", MISSING),
        ("/bar", MISSING),
        ("/foo/0/deeper", MISSING),
    ],
)
def test_a_pointer_finds_what_rfc_6901_says(pointer: str, value: object) -> None:
    assert find(RFC, pointer) == value


def point(**more: object) -> Point:
    return Point.model_validate({"quantity": "actual_level", "pointer": "/v", **more})


def heard(text: str, time: Time | None = None, arrived: float = NOW, **more: Any) -> Heard:
    report = Report(topic="{device}", time=time, points=(point(**more),))
    return messages.decode(report, text.encode(), arrived, HANOI)


def value(text: str, **more: Any) -> float | None:
    said = heard(text, **more)
    assert said.faults == ()
    return said.values["actual_level"]


@pytest.mark.parametrize(
    ("text", "settings", "expected"),
    [
        ('{"v": 50}', {}, 50),
        ('{"v": 50.25}', {}, 50.25),
        ('{"v": 127}', {"scale": "100/254"}, 50),
        ('{"v": 128}', {"scale": "100/254"}, 50.4),
        ('{"v": 254}', {"scale": "100/254"}, 100),
        ('{"v": 3}', {"scale": 0.1}, 0.3),
        ('{"v": 30}', {"scale": 0.5, "offset": -5}, 10),
        ('{"v": "17.5"}', {"type": "numeric_text"}, 17.5),
        ('{"v": true}', {"type": "boolean"}, 1),
        ('{"v": "half"}', {"type": "word", "words": {"half": 50, "full": 100}}, 50),
        ('{"v": null}', {}, None),
        ('{"v": 255}', {"no_value": [255]}, None),
        ('{"v": "n/a"}', {"type": "numeric_text", "no_value": ["n/a"]}, None),
        ('{"v": 254}', {"curve": "dali"}, 100),
        ('{"v": 1}', {"curve": "dali"}, 0.1),
        ('{"v": 0}', {"curve": "dali"}, 0),
        ('{"v": 77, "on": false}', {"zero_when": {"pointer": "/on", "is": False}}, 0),
        ('{"v": 77, "on": 0}', {"zero_when": {"pointer": "/on", "is": False}}, 77),
        ('{"v": 77}', {"zero_when": {"pointer": "/on", "is": None}}, 77),
        ('{"v": 1e308}', {"scale": 1000}, None),
    ],
)
def test_what_stands_at_the_pointer_becomes_a_value(
    text: str, settings: dict[str, object], expected: float | None
) -> None:
    assert value(text, **settings) == expected


@pytest.mark.parametrize("scale", ["1", "0.5", "100/254", "100/255", "100/1023"])
@given(number=st.integers(min_value=0, max_value=1023))
def test_every_step_of_a_linear_level_comes_back(scale: str, number: int) -> None:
    found = levels.scaled(number, Fraction(scale), Fraction(0))
    assert found is not None
    assert round(levels.unscaled(found, Fraction(scale), Fraction(0))) == number


def test_what_is_not_there_is_not_said() -> None:
    assert heard('{"w": 1}').values == {}


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ('{"v": "50"}', {}),
        ('{"v": true}', {}),
        ('{"v": [50]}', {}),
        ('{"v": {"v": 50}}', {}),
        ('{"v": 50}', {"type": "numeric_text"}),
        ('{"v": "nan"}', {"type": "numeric_text"}),
        ('{"v": "inf"}', {"type": "numeric_text"}),
        ('{"v": 1}', {"type": "boolean"}),
        ('{"v": "dim"}', {"type": "word", "words": {"half": 50}}),
    ],
)
def test_a_value_of_the_wrong_type_is_a_fault_and_no_value(text: str, settings: dict[str, Any]) -> None:
    said = heard(text, **settings)
    assert said.values == {}
    assert [fault.fault for fault in said.faults] == [Fault.WRONG_TYPE]


@pytest.mark.parametrize(
    "time", [None, Time(pointer="/t", format=Format.UNIX), Time(pointer="/t", format=Format.ISO8601)]
)
def test_what_can_be_read_but_not_be_written_out_again_is_a_fault_like_any_other(time: Time | None) -> None:
    """orjson reads 1,024 levels, and Python's repr ends with a RecursionError before."""
    deep = "[" * 1_020 + "]" * 1_020
    points = (Point(quantity="actual_level", pointer="/v"), Point(quantity="active_power", pointer="/p"))
    report = Report(topic="{device}", time=time, points=points)
    said = messages.decode(report, f'{{"v": {deep}, "t": {deep}, "p": 5}}'.encode(), 1_795_266_005.0, UTC)
    assert said.values == {"active_power": 5}
    assert [fault.fault for fault in said.faults] == [Fault.WRONG_TYPE] + [Fault.BAD_TIME] * (time is not None)


def test_one_bad_value_does_not_hide_the_others() -> None:
    points = (point(), point(quantity="voltage", pointer="/u"))
    said = messages.decode(Report(topic="{device}", points=points), b'{"v": "?", "u": 230}', NOW, HANOI)
    assert said.values == {"voltage": 230}


@pytest.mark.parametrize(
    ("payload", "fault"),
    [
        (b"", Fault.NOT_JSON),
        (b"{", Fault.NOT_JSON),
        (b'{"v": NaN}', Fault.NOT_JSON),
        (b'{"v": Infinity}', Fault.NOT_JSON),
        (b'{"v": 1e999}', Fault.NOT_JSON),
        (b"[" * 30_000 + b"]" * 30_000, Fault.NOT_JSON),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, Fault.NOT_JSON),
        (b"\xff\xfe{}", Fault.NOT_JSON),
        (b'{"v": "' + b"x" * documents.MAX_BYTES + b'"}', Fault.TOO_LARGE),
    ],
)
def test_hostile_bytes_are_a_fault_with_a_name(payload: bytes, fault: Fault) -> None:
    with pytest.raises(Unusable) as refused:
        messages.decode(Report(topic="{device}", points=(point(),)), payload, NOW, HANOI)
    assert refused.value.fault is fault


@given(st.binary(max_size=300))
def test_no_bytes_at_all_do_anything_but_speak_or_be_refused(payload: bytes) -> None:
    for profile in library().values():
        for report in profile.reports:
            with suppress(Unusable):
                messages.decode(report, payload, NOW, HANOI)
        messages.is_online(profile.availability, payload)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["Time", "ENERGY", "Power", "state", "lamp", "utc", "level"]), inner)
        ),
        max_leaves=12,
    )
)
def test_no_json_at_all_gives_a_value_that_is_no_number(document: object) -> None:
    try:
        payload = orjson.dumps(document)
    except orjson.JSONEncodeError:  # an integer beyond 64 bits
        return
    for report in (report for profile in library().values() for report in profile.reports):
        said = messages.decode(report, payload, NOW, HANOI)
        assert all(value is None or math.isfinite(value) for value in said.values.values())
        assert said.at <= NOW


# Time


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("unix", "1795266005"),
        ("unix", "1795266005.75"),
        ("unix_ms", "1795266005999"),
        ("iso8601", '"2026-11-21T13:00:05Z"'),
        ("iso8601", '"2026-11-21T20:00:05+07:00"'),
        ("iso8601", '"2026-11-21T13:00:05"'),
        ("iso8601_local", '"2026-11-21T20:00:05"'),
        ("iso8601_local", '"2026-11-21T13:00:05+00:00"'),
    ],
)
def test_the_device_s_time_is_taken_in_whole_seconds_utc(written: str, text: str) -> None:
    time = Time.model_validate({"pointer": "/t", "format": written})
    said = heard(f'{{"v": 1, "t": {text}}}', time, NOW + 3)
    assert (said.at, said.timed, said.fresh, said.flags) == (int(NOW), True, True, {})


UNIX = Time.model_validate({"pointer": "/t", "format": "unix", "late_up_to": "1h"})


@pytest.mark.parametrize("text", ['{"v": 1}', '{"v": 1, "t": null}'])
def test_without_a_time_of_its_own_a_report_is_of_its_arrival(text: str) -> None:
    said = heard(text, UNIX)
    assert (said.at, said.timed, said.flags) == (int(NOW), False, {})


@pytest.mark.parametrize(
    ("off_by_s", "fault"), [(0, None), (-3599, None), (-3601, Fault.WRONG_CLOCK), (59, None), (61, Fault.WRONG_CLOCK)]
)
def test_a_wrong_clock_is_replaced_by_the_arrival_and_said(off_by_s: int, fault: Fault | None) -> None:
    said = heard(f'{{"v": 1, "t": {int(NOW) + off_by_s}}}', UNIX)
    assert [found.fault for found in said.faults] == ([fault] if fault else [])
    assert said.at == int(NOW) + (0 if fault else min(0, off_by_s)), "never ahead of its arrival"
    assert said.flags == ({"actual_level": Quality.NOT_EVALUATED} if fault else {})
    assert said.timed is (fault is None)


@pytest.mark.parametrize("text", ['"yesterday"', '""', "true", "-1", "1e300", '"9999-99-99T00:00:00"', "[]"])
@pytest.mark.parametrize("written", ["unix", "unix_ms", "iso8601", "iso8601_local"])
def test_a_time_that_is_none_is_a_fault_and_the_values_stay(text: str, written: str) -> None:
    said = heard(f'{{"v": 7, "t": {text}}}', Time.model_validate({"pointer": "/t", "format": written}))
    assert [found.fault for found in said.faults] in ([Fault.BAD_TIME], [Fault.WRONG_CLOCK])
    assert said.values == {"actual_level": 7}
    assert said.at == int(NOW)


def test_a_device_that_has_never_heard_of_the_time_says_1970() -> None:
    """As in a log of a Tasmota without NTP: {"Time":"1970-01-01T00:33:28", ...}."""
    report = library()["tasmota-dimmer"].reports[0]
    said = messages.decode(report, b'{"Time":"1970-01-01T00:33:28","POWER":"ON","Dimmer":40}', NOW, HANOI)
    assert [found.fault for found in said.faults] == [Fault.WRONG_CLOCK]
    assert (said.at, said.values) == (int(NOW), {"actual_level": 40})


def test_what_the_device_has_kept_is_not_of_now() -> None:
    assert heard(f'{{"v": 1, "t": {int(NOW) - 61}}}', UNIX).fresh is False
    assert heard(f'{{"v": 1, "t": {int(NOW) - 60}}}', UNIX).fresh is True


# Orders


def control(**more: object) -> Control:
    return Control.model_validate({"set": {"topic": "{device}/set", "body": "{level}"}, **more})


@pytest.mark.parametrize(
    ("settings", "level", "number"),
    [
        ({}, 40, 40),
        ({"scale": "100/254"}, 50, 127),
        ({"scale": "100/254"}, 0.1, 1),
        ({"scale": "100/254"}, 0, 0),
        ({"scale": 0.5}, 100, 200),
        ({"scale": 1, "offset": -10}, 0, 10),
        ({"scale": 1, "offset": -10}, 0.2, 11),
        ({"curve": "dali"}, 100, 254),
        ({"curve": "dali"}, 0, 0),
        ({"curve": "dali"}, 0.01, 1),
        ({"curve": "dali"}, 50, 229),
    ],
)
def test_a_level_becomes_the_device_s_number_and_what_is_not_off_stays_lit(
    settings: dict[str, object], level: float, number: int
) -> None:
    assert control(**settings).number(level) == number


def test_the_placeholders_of_an_order_are_filled() -> None:
    body = {"id": "{id}", "list": ["{level}", True, None], "text": "{device} at {level}", "until": "{until}"}
    order = Order.model_validate({"topic": "{device}/down", "body": body})
    sent = messages.written(order, Told("L1", level=80, until=1795266005, id=7))
    assert sent.topic == "L1/down"
    assert orjson.loads(sent.payload) == {
        "id": 7,
        "list": [80, True, None],
        "text": "L1 at 80",
        "until": 1795266005,
    }


def test_a_body_that_is_a_text_is_sent_as_it_is() -> None:
    assert messages.written(Order(topic="{device}/x", body="{level}"), Told("L1", level=40)).payload == b"40"
    assert messages.written(Order(topic="{device}/x", body=""), Told("L1")).payload == b""


@pytest.mark.parametrize(
    ("profile", "payload", "is_for_us"),
    [
        ("zigbee2mqtt-dimmer", '{"state": "ON", "brightness": 127}', True),
        ("zigbee2mqtt-dimmer", '{"state": "ON", "brightness": 126}', False),
        ("zigbee2mqtt-dimmer", '{"state": "ON", "brightness": true}', False),
        ("zigbee2mqtt-dimmer", "127", False),
        ("tasmota-dimmer", '{"POWER":"ON","Dimmer":127}', True),
        ("tasmota-dimmer", '{"POWER":"OFF"}', False),
        ("nbiot-street-node", '{"ack": 7}', True),
        ("nbiot-street-node", '{"ack": 6}', False),
        ("nbiot-street-node", '{"ack": ', False),
    ],
)
def test_only_the_answer_to_what_was_told_acknowledges_it(profile: str, payload: str, is_for_us: bool) -> None:
    acknowledged = driven(library()[profile]).set.acknowledged
    assert acknowledged is not None
    assert messages.is_acknowledged(acknowledged, payload.encode(), Told("L1", level=127, id=7)) is is_for_us


def driven(profile: MqttProfile) -> Control:
    assert profile.control is not None
    return profile.control


@pytest.mark.parametrize(
    ("payload", "pointer", "said"),
    [
        ('{"state":"online"}', "/state", True),
        ('{"state":"offline"}', "/state", False),
        ("online", "/state", True),
        ("offline\n", "/state", False),
        ("online", None, True),
        ('{"state":"online"}', None, None),
        ('{"state":["online"]}', "/state", None),
        ("", None, None),
        ("\x00\xff", "/state", None),
    ],
)
def test_a_last_will_says_whether_a_device_is_there(payload: str, pointer: str | None, said: bool | None) -> None:
    assert messages.is_online(Availability(pointer=pointer), payload.encode("latin-1")) is said


@pytest.mark.parametrize("profile", library().values(), ids=lambda profile: profile.profile)
def test_every_point_of_the_library_is_in_the_dictionary_and_in_a_check(profile: MqttProfile) -> None:
    checked = {quantity for check in profile.checked_with for quantity in check.values}
    assert {point.quantity for point in profile.points} == checked
    assert checked <= set(QUANTITIES)


@pytest.mark.parametrize("profile", library().values(), ids=lambda profile: profile.profile)
@given(level=st.floats(min_value=0, max_value=100))
def test_a_level_that_is_reported_as_it_was_told_is_the_level(profile: MqttProfile, level: float) -> None:
    """Within half a step: so a command is confirmed by a device that has done what it was told."""
    found = driven(profile)
    (reported,) = [p for p in profile.points if p.quantity == "actual_level"]
    assert (found.scale, found.curve) == (reported.scale, Curve.LINEAR)
    back = levels.scaled(found.number(level), reported.scale, Fraction(0))
    assert back is not None
    assert abs(back - level) <= max(0.5, float(found.scale)) or level < float(found.scale)
