"""The document `settings`: what an edge may be told to do otherwise than its own edge.yaml says, while it runs."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from protocols import config
from protocols.config import ConfigModel
from protocols.durations import Span
from protocols.names import Id
from rules.reporting import Reporting

SETTINGS = "settings"  # the document's name
LARGEST = 64_000  # bytes of a document

_SHORTEST_POLL = timedelta(seconds=1)  # samples carry whole seconds


def _not_shorter(every: timedelta) -> timedelta:
    if every < _SHORTEST_POLL:
        raise ValueError(f"{every.total_seconds():g}s is too short; give 1s or more")
    return every


class EdgeSettings(ConfigModel):
    """What is not said stays as edge.yaml has it. `poll_every` is by bus."""

    report: Reporting | None = None
    poll_every: Mapping[Id, Annotated[Span, AfterValidator(_not_shorter)]] = Field(default_factory=dict)
    backlog_per_second: float | None = Field(default=None, gt=0, le=1000)


def parse_settings(text: str | bytes) -> EdgeSettings:
    """A settings document, which is YAML. Raises ConfigError with line, key and advice."""
    return config.load(text, SETTINGS, EdgeSettings)
