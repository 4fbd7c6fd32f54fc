"""A mistake in a YAML file is answered like a colleague would: file, line, key, what would be right."""

from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, Field, field_validator

from protocols import config
from protocols.config import ConfigError, ConfigModel, Problem, dotted, load
from protocols.durations import Span


class Serial(ConfigModel):
    link: Literal["modbus-rtu"]
    baudrate: int = 9600


class Network(ConfigModel):
    link: Literal["modbus-tcp"]
    address: str


class Bus(ConfigModel):
    id: str
    poll_every: Span
    links: tuple[Annotated[Serial | Network, Field(discriminator="link")], ...] = ()

    @field_validator("poll_every")
    @classmethod
    def _is_long_enough(cls, span: Span) -> Span:
        if span.total_seconds() < 1:
            raise ValueError(f"{span.total_seconds():g}s is too short; give 1s or more")
        return span


class Edge(ConfigModel):
    edge: str
    buses: tuple[Bus, ...]


def said(text: str) -> list[str]:
    with pytest.raises(ConfigError) as error:
        load(text, "edge.yaml", Edge)
    assert str(error.value) == "\n".join(map(str, error.value.problems))
    return [str(problem) for problem in error.value.problems]


def lines_with_problems(text: str) -> list[int]:
    try:
        load(text, "edge.yaml", Edge)
    except ConfigError as error:
        return [problem.line for problem in error.problems]
    return []


def test_a_good_file_becomes_a_frozen_model() -> None:
    edge = load("edge: HL-E01\nbuses:\n  - {id: a, poll_every: 10s}\n", "edge.yaml", Edge)
    assert edge.buses[0].poll_every.total_seconds() == 10


def test_every_mistake_is_said_at_once_each_on_its_line() -> None:
    text = """\
edge: HL-E01
buses:
  - id: a
    poll_every: 0.2s
    pol_every: 5s
  - id: b
    poll_every: soon
    links:
      - {link: modbus-rtu, baudrat: 9600}
      - {link: modbus-tcp}
      - {link: carrier-pigeon}
"""
    assert said(text) == [
        "edge.yaml:4: buses[0].poll_every: 0.2s is too short; give 1s or more",
        "edge.yaml:5: buses[0].pol_every: unknown key; did you mean `poll_every`?",
        "edge.yaml:7: buses[1].poll_every: 'soon' is not a span of time;"
        " write a number and a unit, as in 30s, 5m or 2h",
        "edge.yaml:9: buses[1].links[0].baudrat: unknown key; did you mean `baudrate`?",
        "edge.yaml:10: buses[1].links[1].address: is missing",
        "edge.yaml:11: buses[1].links[2]: Input tag 'carrier-pigeon' found using 'link' does not match any of the"
        " expected tags: 'modbus-rtu', 'modbus-tcp'; got {'link': 'carrier-pigeon'}",
    ]


def test_a_mistake_in_a_file_that_this_one_leads_to_is_said_once_and_with_its_own_place() -> None:
    elsewhere = ConfigError([Problem("meter.yaml", 7, "points[0].scale", "is missing")])

    def known(name: str) -> str:
        raise elsewhere

    class Street(ConfigModel):
        meters: tuple[Annotated[str, AfterValidator(known)], ...]

    with pytest.raises(ConfigError) as error:
        load("meters: [a, b, c]\n", "street.yaml", Street)
    assert str(error.value) == "meter.yaml:7: points[0].scale: is missing"


def test_a_known_key_in_the_wrong_place_is_not_taken_for_a_typing_mistake() -> None:
    text = "edge: a\npoll_every: 5s\nbuses: []\n"
    assert said(text) == ["edge.yaml:2: poll_every: does not belong here"]


def test_a_key_like_nothing_is_just_unknown() -> None:
    assert said("edge: a\nbuses: []\nxyzzy: 1\n") == ["edge.yaml:3: xyzzy: unknown key; take it out"]


def test_a_key_that_stands_twice_is_refused() -> None:
    text = "edge: a\nbuses:\n  - id: a\n    poll_every: 1s\n    id: b\nedge: b\n"
    assert said(text) == [
        "edge.yaml:5: buses[0].id: stands twice; keep one",
        "edge.yaml:6: edge: stands twice; keep one",
    ]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("", "edge.yaml:1: should hold keys and values; got None"),
        ("- a\n", "edge.yaml:1: should hold keys and values; got ['a']"),
        ("edge: a\nbuses: [5]\n", "edge.yaml:2: buses[0]: should hold keys and values; got 5"),
        ("edge: a\n1: b\nbuses: []\n", "edge.yaml:1: [1]: Keys should be strings; got 1"),
        ("edge: [a\n", "edge.yaml:2: not YAML: did not find expected ',' or ']'"),
        ("edge: a\n\tbuses: []\n", "edge.yaml:2: not YAML: found a tab character that violates indentation"),
        ("edge: a\nbuses: *nope\n", "edge.yaml:2: not YAML: found undefined alias 'nope'"),
        ("edge: a\nbuses: 2024-13-45\n", "edge.yaml:2: not YAML: month must be in 1..12"),
        ("edge: !!int many\n", "edge.yaml:1: not YAML: invalid literal for int() with base 10: 'many'"),
        ("edge: a\nbuses: !!int ''\n", "edge.yaml:2: not YAML: '' is no int"),
        ("edge: a\nbuses: !!float ''\n", "edge.yaml:2: not YAML: '' is no float"),
        ("edge: a\nbuses: !!bool often\n", "edge.yaml:2: not YAML: 'often' is no bool"),
        ("edge: a\nbuses: !!timestamp soon\n", "edge.yaml:2: not YAML: 'soon' is no timestamp"),
        ("edge: &me [*me]\n", "edge.yaml:1: not YAML: nested too deeply, or inside itself"),
        ("[" * 600, "edge.yaml:1: not YAML: nested too deeply, or inside itself"),
        ("? [a]\n: b\n", "edge.yaml:1: not YAML: found unhashable key"),
    ],
)
def test_what_is_not_even_a_mapping_is_said_in_words(text: str, answer: str) -> None:
    assert said(text) == [answer]


@pytest.mark.parametrize("ring", ["[%s]", "{<<: [%s]}"], ids=["lists", "merged keys"])
def test_ten_lines_cannot_unfold_to_more_than_the_machine_has(ring: str) -> None:
    """Nine times nine times nine, to the tenth power: each line names the one before nine times."""
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{n}: &a{n} " + ring % ", ".join([f"*a{n - 1}"] * 9) for n in range(1, 10)]
    assert said("\n".join(lines)) == [
        "edge.yaml:1: not YAML: its aliases (*) unfold to more than stands there; write it out"
    ]


def test_what_is_said_once_and_named_often_is_taken() -> None:
    first = "edge: a\nbuses:\n  - {id: b0, poll_every: 10s, links: &links [{link: modbus-rtu}]}\n"
    others = "".join(f"  - {{id: b{n}, poll_every: 10s, links: *links}}\n" for n in range(1, 500))
    assert [len(bus.links) for bus in load(first + others, "edge.yaml", Edge).buses] == [1] * 500


@pytest.mark.parametrize(
    ("encoding", "line"),
    [("latin-1", 2), ("utf-16", 1)],  # what an editor of another age saves
)
def test_bytes_in_another_encoding_are_said_with_their_line(encoding: str, line: int) -> None:
    with pytest.raises(ConfigError) as refused:
        config.parse("edge: a\n# à la carte\n".encode(encoding), "edge.yaml")
    assert str(refused.value) == f"edge.yaml:{line}: not UTF-8; save the file in that encoding"


def test_a_mark_at_the_beginning_of_the_bytes_is_no_part_of_the_text() -> None:
    assert config.parse("\ufeffedge: a\n".encode(), "edge.yaml").content == {"edge": "a"}


@given(st.text(alphabet="ab:-[]{}&*!?,#|>'\"% \n\t\x000123456789", max_size=60))
def test_no_text_ends_in_anything_but_a_model_or_a_config_error(text: str) -> None:
    assert all(line >= 1 for line in lines_with_problems(text))


def test_a_path_is_written_with_dots_and_brackets() -> None:
    assert dotted(("buses", 0, "devices", 12, "id")) == "buses[0].devices[12].id"
    assert dotted(()) == ""


def test_the_line_of_every_key_is_known() -> None:
    document = config.parse("a:\n  b: 1\n  c:\n    - 2\n    - d: 3\n", "x.yaml")
    assert {dotted(path): line for path, line in document.lines.items()} == {
        "": 1,
        "a": 1,
        "a.b": 2,
        "a.c": 3,
        "a.c[0]": 4,
        "a.c[1]": 5,
        "a.c[1].d": 5,
    }
