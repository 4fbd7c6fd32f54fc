"""What the documentation shows is what the software takes."""

import re
from pathlib import Path

import pytest

from edge_agent.config import parse_config
from haidang.devices import page
from protocols.config import ConfigError
from protocols.profiles import library, mqtt, parse_profile
from protocols.profiles.mqtt import MqttProfile, every_profile, parse_mqtt_profile
from rules.light_findings import FindingCode
from rules.road_class import CLASSES

DOCS = Path(__file__).parents[2] / "docs"
ADD_A_DEVICE = DOCS / "add-a-device.md"
ADD_AN_MQTT_DEVICE = DOCS / "add-an-mqtt-device.md"


def examples() -> tuple[str, str]:
    """The profile and the piece of an edge.yaml."""
    found = re.findall(r"```yaml\n(.*?)```", ADD_A_DEVICE.read_text("utf-8"), re.DOTALL)
    return found[0], found[-1]


def test_the_example_of_a_profile_is_accepted_with_all_its_checks() -> None:
    profile = parse_profile(examples()[0], "example-meter.yaml")
    assert {check.quantity for check in profile.checked_with} == {point.quantity for point in profile.points}


def test_the_example_of_a_mistake_is_what_a_person_gets() -> None:
    wrong = examples()[0].replace("input/0x0012", "input/0x0010")
    with pytest.raises(ConfigError) as refused:
        parse_profile(wrong, "example-meter.yaml")
    assert f"    {refused.value}\n" in ADD_A_DEVICE.read_text("utf-8")


def test_the_examples_of_a_start_and_of_a_map_are_accepted() -> None:
    meter = examples()[0]
    head, rest = meter.split("points:", 1)
    start, own_map = re.findall(r"```yaml\n(.*?)```", ADD_A_DEVICE.read_text("utf-8"), re.DOTALL)[1:3]
    assert parse_profile(head + start + "points:" + rest, "example-meter.yaml").start
    checks = "checked_with:\n  - {quantity: ph, words: [0x40F0, 0], value: 7.5, origin: counted on paper}\n"
    assert parse_profile(head + own_map + checks, "example-meter.yaml").map


def test_the_example_of_a_bus_is_accepted() -> None:
    bus = examples()[1].replace("example-meter", "eastron-sdm630")
    head = "edge: E\nsite: s\nposition: {longitude: 107, latitude: 21}\ntimezone: UTC\nbroker: {host: h}\ndata: d\n"
    assert parse_config(head + bus, "edge.yaml").modbus[0].port == 502


def test_every_key_that_the_library_uses_is_explained() -> None:
    text = ADD_A_DEVICE.read_text("utf-8")
    used = {name for profile in library().values() for name in profile.model_fields_set}
    assert {name for name in used if f"{name}:" not in text and f"**{name}**" not in text} == set()


def mqtt_examples() -> tuple[str, str]:
    """The profile and the piece of an edge.yaml."""
    profile, edge = re.findall(r"```yaml\n(.*?)```", ADD_AN_MQTT_DEVICE.read_text("utf-8"), re.DOTALL)
    return profile, edge


def test_the_example_of_an_mqtt_profile_is_accepted_with_all_its_checks() -> None:
    profile = parse_mqtt_profile(mqtt_examples()[0], "example-lamp.yaml")
    assert {quantity for check in profile.checked_with for quantity in check.values} == {
        point.quantity for point in profile.points
    }
    told = f"ok: {profile.profile}, {len(profile.points)} points, {len(profile.checked_with)} checks"
    assert told in ADD_AN_MQTT_DEVICE.read_text("utf-8")


def test_the_example_of_a_link_is_accepted() -> None:
    head = "edge: HL-E01\nsite: halong\nposition: {longitude: 107, latitude: 21}\ntimezone: UTC\nbroker: {host: h}\n"
    (bus,) = parse_config(head + "data: d\n" + mqtt_examples()[1], "edge.yaml").mqtt
    assert bus.under("halong", "HL-E01") == "haidang-devices/halong/HL-E01"


def test_every_key_of_an_mqtt_profile_is_explained() -> None:
    text = ADD_AN_MQTT_DEVICE.read_text("utf-8")
    models = (MqttProfile, mqtt.Report, mqtt.Point, mqtt.Time, mqtt.Availability, mqtt.Control, mqtt.Order)
    keys = {field.alias or name for model in models for name, field in model.model_fields.items()}
    explained = {name for name in keys if re.search(rf"\b{name}:|\*\*{name}\*\*", text)}
    assert keys - explained == {"note", "quirks"}, "which need no explanation"


def test_the_list_of_devices_is_that_of_the_library() -> None:
    made = page(every_profile())
    assert made == (DOCS / "devices.md").read_text("utf-8"), (
        "make it: haidang profile list --markdown > docs/devices.md"
    )


def test_every_mistake_of_a_light_plan_and_every_road_class_is_explained() -> None:
    text = (DOCS / "light.md").read_text("utf-8")
    assert {code for code in FindingCode if f"`{code}`" not in text} == set()
    assert [name for name, some in CLASSES.items() if f"{name} {some.luminance:g}" not in text] == []
