"""Where there is no libyaml, Python reads the same out of a YAML file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from yaml._yaml import CParser

from protocols import profiles
from protocols.plain_yaml import Parser


def _events(parser: Any) -> Iterator[tuple[str, object, int]]:
    while parser.check_event():
        event = parser.get_event()
        yield type(event).__name__, getattr(event, "value", None), event.start_mark.line


def test_python_reads_a_device_profile_as_libyaml_does() -> None:
    text = next(Path(str(profiles.__file__)).parent.rglob("*sdm630*.yaml")).read_text("utf-8")
    found = list(_events(Parser(text)))
    assert found == list(_events(CParser(text)))
    assert len(found) > 200
