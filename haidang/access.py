"""Who may do what on a broker: each edge under its own name, the cloud, and one that only watches."""

from collections.abc import Sequence
from dataclasses import dataclass

from protocols import topics

CLOUD, MONITOR = "cloud", "monitor"
HEALTH = "health"  # asks a broker whether it is alive, and sees nothing of the city
_OURS = (CLOUD, MONITOR, HEALTH)


@dataclass(frozen=True, slots=True)
class Permission:
    """What one account may do: MQTT topics and filters."""

    user: str
    writes: Sequence[str]
    reads: Sequence[str]


def permissions(site: str, edges: Sequence[str]) -> list[Permission]:
    """Everybody of a site. Raises ValueError for an edge that is called like one of us."""
    for edge in edges:
        if edge in _OURS:
            raise ValueError(f"an edge cannot be called {edge}: that name has rights of its own")
    return [
        *(Permission(edge, topics.edge_may_write(site, edge), topics.to_one_edge(site, edge)) for edge in edges),
        Permission(CLOUD, topics.cloud_may_write(site), topics.from_every_edge(site)),
        Permission(MONITOR, [], [topics.everything(site)]),
    ]
