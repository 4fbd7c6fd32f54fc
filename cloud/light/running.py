"""Which document each edge runs by: what it has said that it holds, which is not always what it should hold."""

import asyncio
import logging
from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.aside import aside
from cloud.database import Database
from cloud.edges.service import Documents
from cloud.fleet.edges import Edges
from cloud.light import store
from cloud.light.tables import LightHeldRow
from cloud.lighting.plan import Plan
from protocols.clock import DomainClock
from protocols.light import LIGHT, LightDocument

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 1.0


class Running:
    """Tells the plan of every edge that has taken another document."""

    def __init__(self, database: Database, edges: Edges, documents: Documents, plan: Plan, clock: DomainClock) -> None:
        self._database, self._edges, self._documents, self._plan, self._clock = database, edges, documents, plan, clock
        self._held: dict[str, str] = {}  # hashes by edge
        self._born: set[str] = set()
        edges.born.append(lambda edge: self._born.add(edge))

    async def load(self, session: AsyncSession) -> None:
        """What the edges ran by when the service ended."""
        for edge, row in (await store.load_held(session)).items():
            if edge in self._edges.sites:
                self._held[edge] = row.hash
                self._plan.run_by(edge, LightDocument.model_validate_json(row.text), self._clock.now())
        self._born.update(filter(self._holds_what_it_should, self._edges.sites))  # perhaps said just before the end

    def _holds_what_it_should(self, edge: str) -> bool:
        wanted = self._documents.wanted(edge, LIGHT)
        return wanted is not None and wanted.hash == self._said(edge)

    async def follow(self) -> None:
        """Look after the edges that have said what they hold, for as long as the service runs."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_EVERY_S)

    async def look(self) -> None:
        """One round."""
        born, self._born = self._born, set()
        said = {edge: self._said(edge) for edge in sorted(born)}
        await self._note({edge: digest for edge, digest in said.items() if digest != self._held.get(edge)})

    def _said(self, edge: str) -> str | None:
        known = self._edges.find(edge)
        documents = known.documents if known else ()
        return next((document.hash for document in documents if document.name == LIGHT), None)

    async def _note(self, news: Mapping[str, str | None]) -> None:
        if not news:
            return
        texts = {edge: self._text(edge, digest) for edge, digest in news.items()}
        rows = [LightHeldRow(edge=e, hash=str(news[e]), text=text) for e, text in texts.items() if text is not None]
        read = await aside(lambda: {row.edge: LightDocument.model_validate_json(row.text) for row in rows})
        async with self._database.write() as session:
            await store.save_held(session, rows, [edge for edge, text in texts.items() if text is None])
        for edge in news:
            self._plan.run_by(edge, read.get(edge), self._clock.now())
            self._held.pop(edge, None)
        self._held |= {row.edge: row.hash for row in rows}

    def _text(self, edge: str, digest: str | None) -> str | None:
        row = self._documents.given(edge, LIGHT, digest) if digest else None
        if digest and row is None:
            log.warning("%s runs by a light document that nobody here knows: %s", edge, digest)
        return row.text if row else None
