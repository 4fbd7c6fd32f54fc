"""Brings what was sent to the edges: a document for each, made anew when it runs short of nights or its luminaires have
moved. Whatever is missing after a restart is made good by the next look, so a kill in the middle of sending loses
nothing.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.aside import aside
from cloud.audit.chain import Act, Entry, written
from cloud.database import Database
from cloud.edges.service import Documents
from cloud.fleet.edges import Edges
from cloud.fleet.fleet import Fleet
from cloud.latest.values import LatestValues
from cloud.light import store
from cloud.light.schemas import EdgeStandingOut
from cloud.light.tables import LightReleaseRow
from protocols.clock import DomainClock
from protocols.light import LIGHT, LightDocument, LightPlan
from rules.light_documents import Occasion, Sent, documents
from rules.light_renewal import Hanging, Stamp, hanging_by_edge, is_due, stamp_of
from rules.nights import night_of

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 1.0
_AT_ONCE = 20  # edges in one transaction
_HOURS = "lamp_hours"


class Delivery:
    """`sent` is what each city runs by since it was sent last."""

    def __init__(
        self,
        database: Database,
        fleet: Fleet,
        edges: Edges,
        documents: Documents,
        latest: LatestValues,
        clock: DomainClock,
    ) -> None:
        self._database, self._fleet, self._edges = database, fleet, edges
        self._documents, self._clock = documents, clock
        self._latest = latest
        self._stamps: dict[str, Stamp] = {}
        self._wanted: dict[tuple[str, int], Mapping[str, Hanging]] = {}
        self.sent: dict[str, Sent] = {}

    async def load(self, session: AsyncSession) -> None:
        """What was sent before the start, and what the documents are that lie ready."""
        for site in self._fleet.sites:
            row = await store.load_sent(session, site)
            if row is not None:
                self.sent[site] = sent_of(row)
        for edge in self._edges.sites:
            row_of_edge = self._documents.wanted(edge, LIGHT)
            if row_of_edge is not None:
                self._stamps[edge] = stamp_of(LightDocument.model_validate_json(row_of_edge.text))

    def take(self, site: str, sent: Sent) -> None:
        """Something else was sent."""
        self.sent[site] = sent

    def number(self, site: str) -> int | None:
        """Of what a city runs by."""
        sent = self.sent.get(site)
        return sent.number if sent else None

    def edges_of(self, lamps: Iterable[str]) -> list[EdgeStandingOut]:
        """How far the edges of some luminaires are with what was sent."""
        edges = {device.edge for lamp in lamps if (device := self._fleet.devices.get(lamp)) is not None}
        return [self._standing(edge) for edge in sorted(edges)]

    def edges_in(self, site: str) -> list[EdgeStandingOut]:
        """How far the edges of a city are."""
        return [self._standing(edge) for edge, where in self._edges.sites.items() if where == site]

    def _standing(self, edge: str) -> EdgeStandingOut:
        state, reason = self._documents.standing(edge, LIGHT)
        sent, stamp = self.sent.get(self._edges.sites[edge]), self._stamps.get(edge)
        if sent is None or stamp is None or stamp.release != str(sent.number):
            state, reason = "waiting", None  # its document is still being made
        return EdgeStandingOut(edge=edge, state=state, reason=reason)

    async def follow(self) -> None:
        """Deliver what is due, for as long as the service runs."""
        while True:
            await self.deliver()
            await asyncio.sleep(_LOOK_EVERY_S)

    async def deliver(self) -> None:
        """Give every edge that needs one its document."""
        for site, sent in list(self.sent.items()):
            due = self._due(site, sent)
            for start in range(0, len(due), _AT_ONCE):
                if self.sent[site] is sent:
                    await self._give(site, sent, due[start : start + _AT_ONCE])

    def _due(self, site: str, sent: Sent) -> Sequence[str]:
        now, zone = self._clock.now(), ZoneInfo(self._fleet.sites[site].timezone)
        tonight, local = night_of(now, zone), now.astimezone(zone)
        return [
            edge
            for edge, hanging in self._hanging_wanted(site, sent).items()
            if is_due(edge, self._stamps.get(edge), Stamp(str(sent.number), tonight, hanging), local)
        ]

    def _hanging_wanted(self, site: str, sent: Sent) -> Mapping[str, Hanging]:
        """By edge; worked out once for a release and an inventory."""
        key = (site, sent.number)
        if key not in self._wanted:
            kept = {known: hanging for known, hanging in self._wanted.items() if known[0] != site}
            self._wanted = {**kept, key: hanging_by_edge(sent, self._fleet.sites[site])}
        return self._wanted[key]

    async def _give(self, site: str, sent: Sent, edges: Sequence[str]) -> None:
        city, now = self._fleet.sites[site], self._clock.now()
        first_night = night_of(now, ZoneInfo(city.timezone))
        occasion = Occasion(now, first_night, self._burnt(sent, edges))
        made = await aside(
            lambda: {e: (d.model_dump_json(), stamp_of(d)) for e, d in documents(sent, city, edges, occasion)}
        )
        said: dict[str, str | float] = {"document": LIGHT, "release": sent.number, "edges": ", ".join(edges)[:500]}
        entry = Entry(now, sent.by, Act.CONFIGURE, site, result="put", parameters=written(said))
        await self._documents.give(LIGHT, {edge: text for edge, (text, _) in made.items()}, entry)
        self._stamps |= {edge: stamp for edge, (_, stamp) in made.items()}
        log.info("release %d of %s is ready for %d edges", sent.number, site, len(made))

    def _burnt(self, sent: Sent, edges: Sequence[str]) -> Mapping[str, float]:
        """Hours that luminaires have been lit, of those that count them."""
        held_down = {group.id for group in sent.plan.groups if group.constant_output}
        lamps = [lamp for group in held_down for lamp in sent.members.get(group, ()) if self._is_at(lamp, edges)]
        known = {lamp: self._latest.get(lamp) for lamp in lamps}
        hours = {lamp: latest.values.get(_HOURS) for lamp, latest in known.items() if latest is not None}
        return {lamp: some for lamp, some in hours.items() if some is not None}

    def _is_at(self, lamp: str, edges: Sequence[str]) -> bool:
        device = self._fleet.devices.get(lamp)
        return device is not None and device.edge in edges


def sent_of(row: LightReleaseRow) -> Sent:
    """What a release that was sent says."""
    plan, members = LightPlan.model_validate_json(row.plan), orjson.loads(row.members or "{}")
    return Sent(row.number, plan, members, row.sent_by or row.proposed_by)
