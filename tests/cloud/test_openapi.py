"""The API's description is exact enough to make the console's types from."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from cloud.openapi import describe

_BINARY = {
    "/api/v1/map/lamps.bin",
    "/api/v1/map/base.geojson",
    "/api/v1/map/wards.geojson",
    "/api/v1/fleet/{site}/luminaires.csv",
    "/api/v1/fleet/{site}/luminaires.geojson",
    "/api/v1/fleet/{site}/labels",
    "/api/v1/edge/documents/{digest}",
    "/api/v1/store/export",
    "/api/v1/audit.csv",
    "/api/v1/overrides.csv",
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The whole description."""
    return describe()


def _answers(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """What operations answer when all is well; 204 has nothing to say, and who is sent elsewhere gets no answer."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            answers = operation["responses"]
            if not {"204", "302"} & answers.keys():
                yield path, method, next(answer for status, answer in answers.items() if status.startswith("2"))


def test_every_answer_has_a_shape(document: dict[str, Any]) -> None:
    shapeless = [
        (method, path)
        for path, method, good in _answers(document)
        if path not in _BINARY and not good["content"]["application/json"]["schema"]
    ]
    assert shapeless == []


def test_every_operation_has_a_short_name_of_its_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(names) == len(set(names))
    assert "alarms_acknowledge" in names


def test_every_locked_door_says_how_it_refuses(document: dict[str, Any]) -> None:
    health = document["paths"]["/api/v1/health"]["get"]
    locked = [m for path, methods in document["paths"].items() for m in methods.values() if m is not health]
    assert all({"401", "403"} <= operation["responses"].keys() for operation in locked)


def test_it_is_printed_without_starting_anything(document: dict[str, Any]) -> None:
    printed = subprocess.run([sys.executable, "-m", "cloud.openapi"], capture_output=True, check=True, timeout=60)
    assert orjson.loads(printed.stdout) == document
