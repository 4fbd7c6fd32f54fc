"""The overview as a message: of thousands of edges and stations, only those that have changed are written again."""

from collections.abc import Sequence
from itertools import zip_longest

import orjson
from pydantic import BaseModel

from cloud.lighting.schemas import OverviewOut
from cloud.live.schemas import OverviewMessage


class OverviewText:
    """Remembers what was written last."""

    def __init__(self) -> None:
        self._edges, self._stations = _Written(), _Written()

    def of(self, seen: OverviewOut) -> str:
        """The whole message, as JSON."""
        message = OverviewMessage(**dict(seen)).model_dump(
            mode="json", exclude={"environment": True, "edges": {"items"}}
        )
        message["edges"]["items"] = self._edges.items(seen.edges.items)
        message["environment"] = self._stations.items(seen.environment)
        return orjson.dumps(message).decode()


class _Written:
    """A long list of which most items are the same objects as before."""

    def __init__(self) -> None:
        self._lines: list[tuple[BaseModel, str]] = []

    def items(self, items: Sequence[BaseModel]) -> orjson.Fragment:
        self._lines = [
            line if line and line[0] is item else (item, item.model_dump_json())
            for item, line in zip_longest(items, self._lines[: len(items)])
        ]
        return orjson.Fragment(f"[{','.join(text for _, text in self._lines)}]")
