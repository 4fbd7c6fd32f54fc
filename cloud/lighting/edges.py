"""The edges as the overview shows them: of a thousand, only those that have changed are described again."""

from cloud.fleet.edges import Edge, Edges, Presence
from cloud.fleet.view import View
from cloud.lighting.schemas import EdgeOut, EdgesOut
from cloud.link import Link


class ShownEdges:
    """All edges, in the inventories' order."""

    def __init__(self, edges: Edges, link: Link) -> None:
        self._edges, self._link = edges, link
        self._shown: dict[str, tuple[Edge, EdgeOut]] = {}

    def look(self, view: View) -> EdgesOut:
        """The edges now, as far as they are seen."""
        is_connected = self._link.connected
        items = [self._shown_as(edge, is_connected) for edge in self._edges if view.sees(edge.id)]
        return EdgesOut(online=sum(item.state == "online" for item in items), total=len(items), items=items)

    def _shown_as(self, edge: Edge, is_connected: bool) -> EdgeOut:
        """Without a broker nobody knows whether an edge is there."""
        state: Presence = edge.state if is_connected else "unknown"
        backlog = self._edges.is_catching_up(edge)
        before, shown = self._shown.get(edge.id, (None, None))
        if shown is None or before is not edge or (shown.state, shown.backlog) != (state, backlog):
            shown = _described(edge, state, backlog)
            self._shown[edge.id] = edge, shown
        return shown


def _described(edge: Edge, state: Presence, backlog: bool) -> EdgeOut:
    return EdgeOut(
        id=edge.id,
        state=state,
        since=edge.since,
        last_batch_at=edge.last_batch_at,
        backlog=backlog,
        refused=next((f"{document.name}: {document.reason}" for document in edge.refused), None),
    )
