"""How each engine says which lines it does not take. Bodies of 2 and 3 are from their documentation and sources."""

import orjson
import pytest

from cloud.telemetry.influx_refusals import is_an_engine_s, told

LINES = [
    b"luminaire,device=a voltage_q=1,voltage=230 30000",
    b"luminaire,device=b current_q=1,current=0.5 10000",
    b"meter,device=b current_q=1,current=0.5 20000",
    b"luminaire,device=c voltage_q=1,voltage=230,current_q=9 40000",
]
CONFLICT = (
    'partial write: field type conflict: input field "current" on measurement "luminaire" is type float, '
    "already exists as type string dropped={}"
)


def unparsed(line: int, why: str) -> str:
    return f"unable to parse '{LINES[line].decode()}': {why}"


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ({"error": CONFLICT.format(1)}, [1]),
        ({"code": "unprocessable entity", "message": "failure writing points: " + CONFLICT.format(1)}, [1]),
        ({"error": CONFLICT.format(2)}, []),  # more were dropped than have the field: somebody has to look
        ({"error": unparsed(2, "bad timestamp")}, [2]),
        ({"error": f"partial write: {unparsed(0, 'x')}\n{unparsed(3, 'y')}"}, [0, 3]),
        ({"code": "invalid", "message": unparsed(1, "bad timestamp")}, [1]),
        ({"error": "unable to parse 'another line': bad"}, []),
        ({"error": "partial write: points beyond retention policy dropped=2"}, [1, 2]),
        (
            {"error": "partial write of line protocol occurred", "data": [{"line_number": 2, "error_message": "no"}]},
            [1],
        ),
        ({"error": "partial write of line protocol occurred", "data": [{"line_number": 9}, "x"]}, []),
        ({"error": "out of mood"}, []),
        ([1], []),
        ({}, []),
    ],
)
def test_lines_are_found_by_what_is_said(body: object, lines: list[int]) -> None:
    assert list(told(orjson.dumps(body), LINES).lines) == lines


def test_the_reason_is_the_server_s() -> None:
    assert told(b'{"error":"out of mood"}', LINES).why == "out of mood"
    assert told(b"413 Request Entity Too Large", LINES).why == "413 Request Entity Too Large"
    body = orjson.dumps({"error": "partial", "data": [{"line_number": 1, "error_message": "not a float"}]})
    assert told(body, LINES).lines == {0: "not a float"}


def test_what_is_too_old_is_told_apart() -> None:
    assert told(b'{"error":"partial write: points beyond retention policy dropped=1"}', LINES).expired
    assert not told(b'{"error":"out of mood"}', LINES).expired


def test_a_web_server_in_between_refuses_no_line() -> None:
    assert is_an_engine_s(b'{"error":"out of mood"}')
    for page in (b"<html><h1>400 The plain HTTP request was sent to HTTPS port</h1></html>", b"", b"[]", b"no"):
        assert not is_an_engine_s(page)
