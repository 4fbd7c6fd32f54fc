"""The edges: there or not, since when, and when each was last heard of."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.database import Database, left_out_while_away, upsert
from cloud.fleet import store
from cloud.fleet.tables import EdgeRow
from protocols.topics import Stream
from protocols.wire import Birth, Document, EdgeState, RefusedDocument

Presence = Literal["online", "offline", "unknown"]

NOTE_HEARD_EVERY = timedelta(minutes=1)  # domain time
_AGAIN_S = 5.0  # while the registry is away
CATCHING_UP_S = 15.0  # wall time after its last backlog batch, until an edge counts as up to date


@dataclass(frozen=True, slots=True)
class Edge:
    """One edge, as far as the cloud knows. All times are domain time. `documents` are those that it holds, `refused`
    those that it does not take."""

    id: str
    state: Presence = "unknown"
    since: datetime | None = None
    epoch: str | None = None
    software: str | None = None
    last_batch_at: datetime | None = None
    documents: tuple[Document, ...] = ()
    refused: tuple[RefusedDocument, ...] = ()


class Edges:
    """What every edge of the inventories last said of itself, in memory and soon after in the registry.

    `sites` says where each belongs, in the inventories' order. `now` is domain time, `monotonic` seconds of wall time.
    `born` hears of every edge that says who it is.
    """

    def __init__(self, sites: Mapping[str, str], now: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self.sites = sites
        self._edges = {name: Edge(name) for name in sites}
        self._now, self._monotonic = now, monotonic
        self._backlog_at: dict[str, float] = {}
        self._dirty: set[str] = set()
        self._noted_at: dict[str, datetime] = {}
        self._changed = asyncio.Event()
        self.born: list[Callable[[str], None]] = []

    def find(self, edge_id: str) -> Edge | None:
        """The edge with an id."""
        return self._edges.get(edge_id)

    def __iter__(self) -> Iterator[Edge]:
        return iter(self._edges.values())

    def __len__(self) -> int:
        return len(self._edges)

    def told(self, edge_id: str, said: Birth | EdgeState) -> None:
        """An edge has said who it is, or the broker that it came or went."""
        edge = self._edges.get(edge_id)
        if edge is None:
            return
        if isinstance(said, Birth):
            self._put(_born(edge, said))
            for told in self.born:
                told(edge_id)
        elif said.state != edge.state:
            self._put(replace(edge, state=said.state, since=self._now()))
        self._changed.set()

    def heard(self, edge_id: str, stream: Stream, at: datetime) -> None:
        """A batch has come."""
        edge = self._edges.get(edge_id)
        if edge is None:
            return
        if stream is Stream.BACKLOG:
            self._backlog_at[edge_id] = self._monotonic()
        if edge.last_batch_at is None or at > edge.last_batch_at:
            self._edges[edge_id] = replace(edge, last_batch_at=at)
            self._note_heard(edge_id, at)

    def _note_heard(self, edge_id: str, at: datetime) -> None:
        """For the next save; what a thousand edges say all the time is not written down each time."""
        noted = self._noted_at.get(edge_id)
        if noted is None or at - noted >= NOTE_HEARD_EVERY:
            self._noted_at[edge_id] = at
            self._dirty.add(edge_id)

    def is_catching_up(self, edge: Edge) -> bool:
        """True while an edge sends what it read when it was alone."""
        at = self._backlog_at.get(edge.id)
        return at is not None and self._monotonic() - at < CATCHING_UP_S

    async def load(self, session: AsyncSession) -> None:
        """What was known before the start."""
        for row in await store.load_edges(session):
            if row.id in self._edges:
                self._edges[row.id] = _edge(row)

    async def save(self, session: AsyncSession) -> Sequence[Edge]:
        """Write what has changed; pass the result to `saved` after the commit."""
        changed = [self._edges[name] for name in sorted(self._dirty)]
        await upsert(session, EdgeRow, [_row(edge) for edge in changed])
        return changed

    def saved(self, edges: Iterable[Edge]) -> None:
        """These are committed; what has changed since is not."""
        self._dirty -= {edge.id for edge in edges if edge is self._edges[edge.id]}

    async def keep(self, database: Database) -> None:
        """Write down whatever is told, for as long as the service runs."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            with left_out_while_away("edges"):
                async with database.write() as session:
                    changed = await self.save(session)
                self.saved(changed)
                continue
            await asyncio.sleep(_AGAIN_S)
            self._changed.set()

    def _put(self, edge: Edge) -> None:
        self._edges[edge.id] = edge
        self._dirty.add(edge.id)


def _born(edge: Edge, said: Birth) -> Edge:
    return replace(
        edge,
        epoch=said.epoch,
        software=said.software,
        documents=said.documents or (),
        refused=said.refused or (),
    )


def _row(edge: Edge) -> dict[str, Any]:
    return {
        **{column.name: getattr(edge, column.name) for column in fields(edge)},  # not asdict, which copies all of it
        "documents": [document.model_dump() for document in edge.documents],
        "refused": [document.model_dump() for document in edge.refused],
    }


def _edge(row: EdgeRow) -> Edge:
    state: Presence = "online" if row.state == "online" else "offline" if row.state == "offline" else "unknown"
    documents = tuple(Document.model_validate(document) for document in row.documents)
    refused = tuple(RefusedDocument.model_validate(document) for document in row.refused)
    return Edge(row.id, state, row.since, row.epoch, row.software, row.last_batch_at, documents, refused)
