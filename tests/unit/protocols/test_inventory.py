"""A city is one document that fits together."""

from copy import deepcopy
from typing import Any

import orjson
import pytest

from protocols.config import ConfigError, load
from protocols.inventory import City

PLACE = {"longitude": 107.08, "latitude": 20.951}
NAME = {"vi": "Hạ Long", "en": "Ha Long"}
STREET = {"ward": "W1", "street": "Trần Phú"}
GOOD: dict[str, Any] = {
    "site": "halong",
    "name": NAME,
    "timezone": "Asia/Ho_Chi_Minh",
    "centre": PLACE,
    "survey": {"vi": "chưa khảo sát", "en": "not surveyed"},
    "wards": [{"id": "W1", "name": NAME, "label_at": PLACE}],
    "luminaire_types": [{"id": "LED-100", "rated_power_w": 100, "expected_power": [[0.5, 5], [50, 50], [100, 100]]}],
    "edges": ["HL-E01"],
    "cabinets": [{"id": "HL-TC001", "edge": "HL-E01", **STREET, **PLACE}],
    "luminaires": [
        {
            "id": "HL-000001",
            "cabinet": "HL-TC001",
            "phase": "A",
            "segment": "HL-TC001-A",
            "pole": "1",
            "type": "LED-100",
            **STREET,
            **PLACE,
        }
    ],
    "meters": [{"id": "HL-TC001-M", "cabinet": "HL-TC001"}],
    "stations": [{"id": "HL-AIR-01", "edge": "HL-E01", "ward": "W1", "kind": "air_station", "name": NAME, **PLACE}],
    "cameras": [
        {"id": "HL-CAM-01", "edge": "HL-E01", "ward": "W1", "name": NAME, "url": "rtsp://127.0.0.1/1", **PLACE}
    ],
    "groups": [{"id": "COAST", "name": NAME, "members": ["HL-000001"]}],
}


def city(**changes: Any) -> City:
    return City.model_validate({**deepcopy(GOOD), **changes})


def said(part: str, **changes: Any) -> str:
    """What is said of the good city with keys of the first entry of a part changed."""
    content = deepcopy(GOOD)
    content[part][0].update(changes)
    with pytest.raises(ValueError) as error:
        City.model_validate(content)
    return str(error.value)


def test_a_good_city_comes_back_from_json() -> None:
    assert City.model_validate_json(city().model_dump_json()) == city()


def test_a_group_has_a_name_of_its_own() -> None:
    with pytest.raises(ValueError, match="COAST stands twice"):
        city(groups=[*GOOD["groups"], *GOOD["groups"]])


def test_a_city_need_not_have_groups() -> None:
    content = deepcopy(GOOD)
    del content["groups"]
    assert City.model_validate(content).groups == ()


NEW: dict[str, dict[str, Any]] = {
    "luminaires": {"road_class": "M3", "use": "bridge", "installed_on": "2024-05-01", "height_m": 9.5},
    "luminaire_types": {"control": "relay", "driver": "DALI"},
    "wards": {"outline": [[[[107, 20], [108, 20], [108, 21], [107, 20]]]]},
}


@pytest.mark.parametrize("part", NEW)
def test_what_is_not_said_is_not_written_down_either(part: str) -> None:
    """An inventory from before there was such a field keeps its text, and its hash."""
    untouched = orjson.loads(city().model_dump_json())[part][0]
    said = city(**{part: [{**GOOD[part][0], **NEW[part]}]})
    assert not untouched.keys() & NEW[part].keys()
    assert orjson.loads(said.model_dump_json())[part][0].items() >= NEW[part].items()
    assert City.model_validate_json(said.model_dump_json()) == said


def test_the_order_of_luminaires_is_kept_because_it_is_their_index() -> None:
    lamps = [{**GOOD["luminaires"][0], "id": f"HL-{n:06}"} for n in (3, 1, 2)]
    assert [lamp.id for lamp in city(luminaires=lamps).luminaires] == ["HL-000003", "HL-000001", "HL-000002"]


@pytest.mark.parametrize(
    ("part", "changes", "answer"),
    [
        ("luminaires", {"cabinet": "HL-TC9"}, "HL-000001: there is no cabinet HL-TC9"),
        ("luminaires", {"type": "SON-150"}, "HL-000001: there is no luminaire type SON-150"),
        ("luminaires", {"ward": "W9"}, "HL-000001: there is no ward W9"),
        ("luminaires", {"id": "HL-TC001"}, "HL-TC001 stands twice"),
        ("cabinets", {"edge": "HL-E09"}, "HL-TC001: there is no edge HL-E09"),
        ("meters", {"cabinet": "HL-TC9"}, "HL-TC001-M: there is no cabinet HL-TC9"),
        ("stations", {"edge": "HL-E09"}, "HL-AIR-01: there is no edge HL-E09"),
        ("cameras", {"ward": "W9"}, "HL-CAM-01: there is no ward W9"),
        ("groups", {"members": ["HL-000009"]}, "COAST: there is no luminaire HL-000009"),
        ("groups", {"members": ["HL-000001", "HL-000001"]}, "COAST: HL-000001 stands twice"),
        ("groups", {"members": []}, "at least 1 item"),
        ("luminaires", {"latitude": 91}, "less than or equal to 90"),
        ("luminaires", {"phase": "R"}, "'A', 'B' or 'C'"),
        ("luminaires", {"road_class": "M7"}, "should match pattern"),
        ("luminaires", {"use": "moat"}, "'road', 'crossing'"),
        ("luminaires", {"installed_on": "01/05/2024"}, "valid date"),
        ("luminaires", {"height_m": 0}, "greater than 0"),
        ("luminaire_types", {"control": "bilevel"}, "'dimmable' or 'relay'"),
        ("wards", {"outline": [[[[107, 20], [108, 20], [107, 20]]]]}, "at least 4 items"),
        (
            "luminaire_types",
            {"expected_power": [[0.5, 5], [50, 50], [50, 60]]},
            "levels must rise; 50 does not follow 50",
        ),
        ("luminaire_types", {"expected_power": [[0.5, 5], [120, 50]]}, "a level is 0 to 100 %, not 120"),
        ("luminaire_types", {"expected_power": [[0.5, -5], [100, 50]]}, "power is not negative, not -5"),
        ("luminaire_types", {"expected_power": [[0.5, 5]]}, "at least 2 items"),
    ],
)
def test_what_does_not_fit_together_is_said(part: str, changes: dict[str, Any], answer: str) -> None:
    assert answer in said(part, **changes)


def test_a_city_in_yaml_is_answered_like_any_other_file() -> None:
    with pytest.raises(ConfigError, match=r"city.yaml:1: site: String should match pattern"):
        load("site: ha long\n", "city.yaml", City)
