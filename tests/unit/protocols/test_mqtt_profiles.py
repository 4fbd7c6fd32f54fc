"""MQTT profiles: a mistake in one is answered with file, line, key and advice."""

import pytest

from protocols.config import ConfigError
from protocols.mqtt.levels import Curve
from protocols.profiles.mqtt import library, parse_mqtt_profile

GOOD = """\
profile: made-up
link: mqtt
kind: luminaire
title: {vi: Thử, en: Test}
maker: nobody
evidence: {grade: design, source: made up for a test}
reports:
  - topic: "{device}/up"
    time: {pointer: /at, format: unix}
    points:
      - {quantity: actual_level, pointer: /level, scale: 100/254}
      - {quantity: voltage, pointer: /u}
availability: {topic: "{device}/lwt"}
control:
  scale: 100/254
  set:
    topic: "{device}/set"
    body: {level: "{level}"}
    acknowledged: {topic: "{device}/up", pointer: /got, is: "{level}"}
checked_with:
  - topic: "{device}/up"
    payload: '{"at": 1795266005, "level": 127, "u": 230.1}'
    values: {actual_level: 50, voltage: 230.1}
    at: 2026-11-21T13:00:05Z
    origin: counted on paper
orders_checked_with:
  - {level: 50, topic: "{device}/set", payload: {level: 127}, origin: counted on paper}
"""


def refused(good: str, bad: str) -> str:
    """What is said of the good profile with one piece replaced."""
    assert GOOD.count(good) == 1
    with pytest.raises(ConfigError) as error:
        parse_mqtt_profile(GOOD.replace(good, bad), "made-up.yaml")
    return str(error.value)


def test_the_good_one_loads() -> None:
    profile = parse_mqtt_profile(GOOD, "made-up.yaml")
    assert profile.heard == ("{device}/up", "{device}/lwt")
    assert profile.told == ("{device}/set",)
    assert profile.is_driven


def test_the_library_has_three_makes_named_for_their_files() -> None:
    assert set(library()) == {"zigbee2mqtt-dimmer", "tasmota-dimmer", "nbiot-street-node"}
    assert all(profile.is_driven for profile in library().values())


@pytest.mark.parametrize(
    ("good", "bad", "answer"),
    [
        ("pointer: /u}", "pointer: u}", "12: reports[0].points[1].pointer: 'u' is not a JSON pointer; write one as in"),
        ("pointer: /u}", "pointer: /a~b}", "12: reports[0].points[1].pointer: '/a~b': ~ stands for itself as ~0"),
        ("pointer: /u}", "pointr: /u}", "12: reports[0].points[1].pointr: unknown key; did you mean `pointer`?"),
        ("quantity: voltage", "quantity: voltag", "unknown quantity 'voltag'; did you mean `voltage`?"),
        ("quantity: voltage", "quantity: actual_level", "12: reports[0].points[1].quantity: actual_level stands twice"),
        ('"{device}/lwt"', '"+/lwt"', "13: availability.topic: '+/lwt' has a wildcard; write the topic of one device"),
        ('"{device}/lwt"', '"lwt/{device}"', "13: availability.topic: 'lwt/{device}' does not begin with {device}"),
        ('level: "{level}"', 'level: "{lvl}"', "unknown placeholder {lvl}; there are {device} {level} {until} {id}"),
        ("pointer: /u}", "pointer: /u, type: word}", "12: reports[0].points[1].words: a point of type word says what"),
        ("format: unix}", "format: epoch}", "9: reports[0].time.format: "),
        ("voltage: 230.1}", "voltage: 23.1}", "means voltage 230.1, not 23.1; check pointer, type, scale"),
        (", voltage: 230.1}", "}", "means voltage 230.1, not nothing; check pointer, type, scale"),
        ('"u": 230.1', '"u": "230.1"', "voltage should be a number, not '230.1'; check pointer and type"),
        ("13:00:05Z", "13:00:06Z", "is of 2026-11-21T13:00:05+00:00, not 2026-11-21T13:00:06+00:00; check the format"),
        ("payload: '{", "payload: '", "22: checked_with[0].payload: "),
        ("payload: {level: 127}", "payload: {level: 128}", 'level 50 becomes {"level":127}; check body, scale, curve'),
        ('  - {level: 50, topic: "{device}/set"', '  - {level: 50, topic: "{device}/get"', "goes to {device}/set"),
        (
            "quantity: actual_level, pointer: /level",
            "quantity: target_level, pointer: /level",
            "14: control: no report",
        ),
    ],
)
def test_a_mistake_names_its_line_its_key_and_what_would_be_right(good: str, bad: str, answer: str) -> None:
    said = refused(good, bad)
    assert said.startswith("made-up.yaml:")
    assert answer in said


def test_orders_are_checked_too() -> None:
    with pytest.raises(ConfigError, match="14: control: has no orders_checked_with; give a level"):
        parse_mqtt_profile(GOOD[: GOOD.index("orders_checked_with")], "made-up.yaml")


@pytest.mark.parametrize("curve", ["linear", "dali"])
def test_what_tells_more_than_full_light_has_full_light(curve: str) -> None:
    """As a gateway that tells 255, or a gear with a boost: that must not end the edge."""
    control = parse_mqtt_profile(GOOD, "made-up.yaml").control
    assert control is not None
    told = control.model_copy(update={"curve": Curve(curve)})
    assert [told.number(level) for level in (100.0, 100.4, 1000.0, -1.0)] == [254, 254, 254, 0]


def test_a_meter_that_is_not_told_anything_needs_no_control() -> None:
    start, end = GOOD.index("control:"), GOOD.index("checked_with:")
    text = GOOD[:start] + GOOD[end : GOOD.index("orders_checked_with")]
    profile = parse_mqtt_profile(text.replace("kind: luminaire", "kind: meter"), "made-up.yaml")
    assert not profile.is_driven
    assert profile.told == ()
