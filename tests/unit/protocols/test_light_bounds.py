"""However much is wrong with a light plan or document, few mistakes are told: to list a million takes the memory of a
city. The first is among them, with its place."""

from typing import Any

import orjson
import pytest
from pydantic import BaseModel, ValidationError

from protocols.light import LightDocument, LightPlan

MANY, FEW = 5000, 120
NAMED = {"name": {"vi": "a", "en": "a"}}
KEYS = {f"k{n:04d}": 0 for n in range(MANY)}
TOO_MANY_KEYS = f"Value error, has {MANY} keys; 100 at most"
DOCUMENT = {
    "release": "1",
    "made_at": "2026-11-21T12:00:00Z",
    "timezone": "Asia/Ho_Chi_Minh",
    "place": {"longitude": 107.08, "latitude": 20.95},
    "first_night": "2026-11-21",
    "programmes": [],
    "sets": [],
}
Place = tuple[str | int, ...]


def groups(**said: Any) -> dict[str, Any]:
    """As many groups as a plan may have, each with the same mistake."""
    return {"groups": [{"id": "g", **NAMED, "rule": {}, "calendar": "c", **said}] * 2000}


def calendars(**said: Any) -> dict[str, Any]:
    return {"calendars": [{"id": "c", **NAMED, "programme": "p", "rules": [{"programme": "p", **said}] * 100}] * 500}


def sets(**said: Any) -> dict[str, Any]:
    stretches = [{"programme": "p", "nights": 1}]
    return {**DOCUMENT, "sets": [{"id": "s", "stretches": stretches, "lamps": {}, **said}] * 2000}


HOSTILE: list[tuple[type[BaseModel], dict[str, Any], Place]] = [
    (LightPlan, {"groups": [[]] * MANY}, ("groups", 0)),
    (LightPlan, {"programmes": [{}] * MANY}, ("programmes", 0, "id")),
    (LightPlan, {"calendars": [0] * MANY}, ("calendars", 0)),
    (LightPlan, groups(rule={"lamps": [0] * 100}), ("groups", 0, "rule", "lamps", 0)),
    (LightPlan, groups(rule={"polygon": [[]] * 100}), ("groups", 0, "rule", "polygon", 0, 0)),
    (LightPlan, groups(adaptations=[{}] * 20), ("groups", 0, "adaptations", 0, "id")),
    (LightPlan, calendars(weekdays=[9] * 100), ("calendars", 0, "rules", 0, "weekdays", 0)),
    (LightPlan, {"programmes": [{"id": "p", **NAMED, "steps": [{}] * MANY}]}, ("programmes", 0, "steps", 0, "level")),
    (LightPlan, KEYS, ()),
    (LightPlan, groups(rule=KEYS), ("groups", 0, "rule")),
    (LightPlan, groups(name=KEYS), ("groups", 0, "name")),
    (LightDocument, {**DOCUMENT, "place": KEYS}, ("place",)),
    (LightDocument, {**DOCUMENT, "relays": [0] * MANY}, ("relays", 0)),
    (LightDocument, {**DOCUMENT, "sets": [0] * MANY}, ("sets", 0)),
    (LightDocument, {**DOCUMENT, "programmes": [0] * MANY}, ("programmes", 0)),
    (LightDocument, sets(stretches=[{}] * MANY), ("sets", 0, "stretches", 0, "programme")),
    (LightDocument, sets(lamps=KEYS), ("sets", 0, "lamps", "k0000")),
]


@pytest.mark.parametrize(("model", "said", "place"), HOSTILE)
def test_the_mistakes_that_are_told_are_few_and_the_first_is_among_them(
    model: type[BaseModel], said: dict[str, Any], place: Place
) -> None:
    for refused in refusals(model, said):
        assert refused.error_count() <= FEW
        assert place in [problem["loc"] for problem in refused.errors()]


def refusals(model: type[BaseModel], said: dict[str, Any]) -> tuple[ValidationError, ValidationError]:
    """As the cloud reads a body, and as an edge reads a document."""
    with pytest.raises(ValidationError) as of_body:
        model.model_validate(said)
    with pytest.raises(ValidationError) as of_document:
        model.model_validate_json(orjson.dumps(said))
    return of_body.value, of_document.value


def test_who_sends_too_many_keys_is_told_where_and_how_many() -> None:
    with pytest.raises(ValidationError) as refused:
        LightPlan.model_validate(groups(rule=KEYS))
    [problem] = refused.value.errors()
    assert (problem["loc"], problem["msg"]) == (("groups", 0, "rule"), TOO_MANY_KEYS)


def test_unknown_keys_are_named_one_by_one_as_long_as_they_are_few() -> None:
    with pytest.raises(ValidationError) as refused:
        LightPlan.model_validate({"programmes": [], "a": 1, "b": 2})
    assert [problem["loc"] for problem in refused.value.errors()] == [("a",), ("b",)]
