"""The head of the audit log: signed once a day, kept in the registry and in a file, and given to every edge to keep.

It goes to the edges as a retained message on a topic of its own. Who has power over the cloud's disk can rewrite both
places there, but not what lies in a hundred cabinets.
"""

import asyncio
import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.audit import store
from cloud.audit.signing import Signer
from cloud.database import Database
from cloud.errors import in_one_line
from cloud.fleet.edges import Edges
from cloud.link import Link as ToEdges
from protocols import topics, wire
from protocols.audit_head import AuditHead, in_line
from protocols.topics import Leaf

HEADS_FILE = "audit-heads.jsonl"  # in the data folder

_EVERY_S = timedelta(days=1).total_seconds()  # wall time
_AGAIN_S = 60.0  # when there was nothing new, or the registry was away
_LOOK_EVERY_S = 1.0

log = logging.getLogger(__name__)


class Heads:
    """`wall` is Unix seconds. An edge that says who it is gets the newest head again."""

    def __init__(
        self,
        database: Database,
        signer: Signer,
        file: Path,
        edges: Edges,
        link: ToEdges,
        wall: Callable[[], float],
    ) -> None:
        self._database, self._signer, self._file, self._edges = database, signer, file, edges
        self._link, self._wall = link, wall
        self._newest: AuditHead | None = None
        self._due_at = 0.0
        self._untold = {edge.id for edge in edges}
        edges.born.append(self._untold.add)

    async def load(self, session: AsyncSession) -> None:
        """Take up the newest head, after a start."""
        try:
            self._newest = await store.load_newest_head(session)
        except ValueError:
            log.error("the newest signed head of the audit log was changed; run `haidang audit verify`")  # noqa: TRY400
        if self._newest is not None:
            self._due_at = self._newest.at.timestamp() + _EVERY_S
            await self._look_for_the_tail(session, self._newest)

    async def follow(self) -> None:
        """Sign once a day and tell the edges, for as long as the service runs."""
        while True:
            if self._wall() >= self._due_at:
                await self.sign()
            self._announce()
            await asyncio.sleep(_LOOK_EVERY_S)

    async def sign(self) -> None:
        """Sign the head, if there are rows that none covers."""
        self._due_at = self._wall() + _AGAIN_S
        try:
            async with self._database.write() as session:
                head = await self._keep(session)
        except (DBAPIError, OSError) as error:
            log.warning("the audit log's head is not signed: %s", in_one_line(error))
            return
        if head is not None:
            self._newest, self._due_at = head, self._wall() + _EVERY_S
            self._untold |= {edge.id for edge in self._edges}

    async def _keep(self, session: AsyncSession) -> AuditHead | None:
        """The file first: a head that only it has does no harm."""
        end = await store.load_end(session)
        if end is None or (self._newest is not None and end.seq <= self._newest.seq):
            return None
        head = self._signer.sign(end.seq, end.hash, datetime.fromtimestamp(self._wall(), UTC))
        await asyncio.to_thread(_add, self._file, head)
        await store.save_head(session, head)
        return head

    async def _look_for_the_tail(self, session: AsyncSession, newest: AuditHead) -> None:
        end = await store.load_end(session)
        if end is None or end.seq < newest.seq:
            last = end.seq if end else 0
            log.error(
                "the audit log ends at row %d, but row %d was signed; run `haidang audit verify`", last, newest.seq
            )

    def _announce(self) -> None:
        """What cannot be sent stays untold."""
        if self._newest is None:
            return
        payload = wire.encode_message(self._newest)
        for edge in sorted(self._untold):
            if self._link.publish(topics.topic(self._edges.sites[edge], edge, Leaf.AUDIT_HEAD), payload, retain=True):
                self._untold.discard(edge)


def _add(file: Path, head: AuditHead) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w") as out:
        out.write(in_line(head))
        out.flush()
        os.fsync(out.fileno())
