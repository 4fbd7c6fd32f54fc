"""The desired documents: kept, announced to their edge, and followed until the edge holds or refuses them.

What is announced is names and hashes, retained, over the broker; the edge fetches the text over HTTP, judges it whole
and says in its birth what it holds.
"""

import asyncio
import hashlib
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.audit.chain import Act, Entry, written
from cloud.audit.store import append
from cloud.database import Database
from cloud.edges import store
from cloud.edges.schemas import DocumentOut, Standing
from cloud.edges.tables import DocumentRow
from cloud.errors import BadDocument, NotThere
from cloud.fleet.edges import Edges
from cloud.link import Link
from protocols import topics, wire
from protocols.clock import DomainClock
from protocols.config import ConfigError
from protocols.topics import Leaf
from protocols.wire import Desired, Document, RefusedDocument
from rules.edge_settings import LARGEST, SETTINGS, parse_settings

_LOOK_EVERY_S = 1.0
_AGAIN_S = 30.0  # to an edge that does not hold what it should


class Documents:
    """Every edge's documents, in memory and in the registry. People put `settings`; `light` is made of what a city
    plans, and judged there (cloud/light/)."""

    def __init__(self, database: Database, edges: Edges, link: Link, clock: DomainClock) -> None:
        self._database, self._edges, self._link, self._clock = database, edges, link, clock
        self._wanted: dict[str, dict[str, DocumentRow]] = defaultdict(dict)
        self._before: dict[tuple[str, str], DocumentRow | None] = {}
        self._due: set[str] = set()
        edges.born.append(self._due.add)

    async def load(self, session: AsyncSession) -> None:
        """Take up what was put before the start."""
        for row in await store.load(session):
            self._wanted[row.edge][row.name] = row
        self._due.update(self._wanted)

    async def put(self, edge: str, name: str, text: str, who: str) -> None:
        """Give an edge a document. Raises NotThere and BadDocument."""
        self._known(edge, name)
        try:
            parse_settings(text)
        except ConfigError as error:
            raise BadDocument(str(error)) from error
        row = self._row(edge, name, text, who)
        async with self._database.write() as session:
            await store.save(session, row)
            await append(session, self._entry(row, who, "put"))
        self._wanted[edge][name] = row
        self._due.add(edge)

    async def give(self, name: str, texts: Mapping[str, str], entry: Entry) -> None:
        """Give edges, by their ids, a document that is made here and not by hand: of all of them, or of none."""
        known = {edge: text for edge, text in texts.items() if self._edges.find(edge) is not None}
        rows = [self._row(edge, name, text, entry.who) for edge, text in known.items()]
        async with self._database.write() as session:
            for row in rows:
                await store.save(session, row)
            await append(session, entry)
        for row in rows:
            self._before[row.edge, name] = self._wanted[row.edge].get(name)
            self._wanted[row.edge][name] = row
        self._due.update(known)

    def wanted(self, edge: str, name: str) -> DocumentRow | None:
        """What an edge should hold under a name."""
        return self._wanted[edge].get(name) if edge in self._wanted else None

    def given(self, edge: str, name: str, digest: str) -> DocumentRow | None:
        """The document of an edge with a hash: what it should hold, or what it should have held before."""
        rows = self.wanted(edge, name), self._before.get((edge, name))
        return next((row for row in rows if row is not None and row.hash == digest), None)

    def standing(self, edge: str, name: str) -> tuple[Standing, str | None]:
        """How far an edge is with a document, and why it does not take it."""
        row = self.wanted(edge, name)
        return ("waiting", None) if row is None else self._standing(row)

    async def remove(self, edge: str, name: str, who: str) -> None:
        """Let an edge go back to what its own file says. Raises NotThere."""
        self._known(edge, name)
        row = self._wanted[edge].get(name)
        if row is None:
            raise NotThere(f"{edge} has no document {name}")
        async with self._database.write() as session:
            await store.forget(session, edge, name)
            await append(session, self._entry(row, who, "removed"))
        self._wanted[edge].pop(name, None)
        self._due.add(edge)

    def of(self, edge: str) -> list[DocumentOut]:
        """What an edge should hold, and how far that is. Raises NotThere."""
        if self._edges.find(edge) is None:
            raise NotThere(f"there is no edge {edge}")
        return [self._out(row) for row in self._wanted[edge].values()]

    def text(self, edge: str, digest: str) -> bytes:
        """A document of an edge by its hash. Raises NotThere, also for another edge's."""
        for row in self._wanted[edge].values():
            if row.hash == digest:
                return row.text.encode()
        raise NotThere("there is no such document for this edge")

    async def follow(self) -> None:
        """Announce what is due, for as long as the service runs."""
        asked_at = time.monotonic()
        while True:
            if time.monotonic() - asked_at >= _AGAIN_S:
                asked_at = time.monotonic()
                self._due.update(edge for edge in self._wanted if not self._is_settled(edge))
            self._announce()
            await asyncio.sleep(_LOOK_EVERY_S)

    def _announce(self) -> None:
        """What cannot be sent stays due. An edge that never had a document is left in peace."""
        for edge in sorted(self._due):
            if self._is_settled(edge) or self._publish(edge):
                self._due.discard(edge)

    def _publish(self, edge: str) -> bool:
        site, rows = self._edges.sites.get(edge), self._wanted[edge].values()
        if site is None:
            return True  # it has gone from the inventory
        desired = Desired(documents=tuple(Document(name=row.name, hash=row.hash) for row in rows))
        topic = topics.topic(site, edge, Leaf.DESIRED)
        return self._link.publish(topic, wire.encode_message(desired), retain=True)

    def _is_settled(self, edge: str) -> bool:
        """True when the edge holds exactly what it should."""
        known = self._edges.find(edge)
        held = _hashes(known.documents) if known else {}
        return held == {row.name: row.hash for row in self._wanted[edge].values()}

    def _out(self, row: DocumentRow) -> DocumentOut:
        state, reason = self._standing(row)
        return DocumentOut(
            name=row.name, hash=row.hash, text=row.text, since=row.since, who=row.who, state=state, reason=reason
        )

    def _standing(self, row: DocumentRow) -> tuple[Standing, str | None]:
        edge = self._edges.find(row.edge)
        if edge is None:
            return "waiting", None
        if _hashes(edge.documents).get(row.name) == row.hash:
            return "held", None
        reasons = {(document.name, document.hash): document.reason for document in edge.refused}
        reason = reasons.get((row.name, row.hash))
        return ("waiting", None) if reason is None else ("refused", reason)

    def _row(self, edge: str, name: str, text: str, who: str) -> DocumentRow:
        digest = hashlib.sha256(text.encode()).hexdigest()
        return DocumentRow(edge=edge, name=name, hash=digest, text=text, since=self._clock.now(), who=who)

    def _known(self, edge: str, name: str) -> None:
        if self._edges.find(edge) is None:
            raise NotThere(f"there is no edge {edge}")
        if name != SETTINGS:
            raise NotThere(f"there is no document {name} to be given by hand; there is {SETTINGS}")

    def _entry(self, row: DocumentRow, who: str, what: str) -> Entry:
        parameters = written({"document": row.name, "hash": row.hash, "text": row.text[:LARGEST]})
        return Entry(self._clock.now(), who, Act.CONFIGURE, row.edge, result=what, parameters=parameters)


def _hashes(documents: Sequence[Document | RefusedDocument]) -> Mapping[str, str]:
    return {document.name: document.hash for document in documents}
