"""Prints the API's description, from which the console's types are generated: `python -m cloud.openapi`."""

import sys
from datetime import UTC, datetime
from typing import Any

import orjson

from cloud.app import create_app
from cloud.settings import Settings, Site
from protocols.clock import ClockSettings, DomainClock

_EPOCH = ClockSettings(origin=datetime.fromtimestamp(0, UTC), started=0)


def describe() -> dict[str, Any]:
    """The OpenAPI document. Nothing is started for it."""
    app = create_app(Settings(sites=(Site(id="any"),)), DomainClock(_EPOCH, lambda: 0.0))
    return app.openapi()


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps(describe(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
