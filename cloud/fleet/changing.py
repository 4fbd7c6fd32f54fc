"""Inventories that people change: a table of luminaires or the outlines of wards, taken whole or not at all.

What is taken stands in the registry, with who did it, before anybody is answered; then the service begins anew with it.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from cloud.aside import aside
from cloud.audit.chain import Act, Entry, written
from cloud.audit.store import append
from cloud.commands.standing import Overrides
from cloud.database import Database
from cloud.errors import BadTable, NotReady
from cloud.fleet import store
from cloud.fleet.areas import Areas, outlined, read_areas
from cloud.fleet.changing_schemas import AreasOut, ImportOut, areas_out, import_out
from cloud.fleet.fleet import Device, Fleet, devices
from cloud.fleet.imports import parse
from cloud.fleet.renewal import Renewal
from protocols.clock import DomainClock
from protocols.inventory import City
from protocols.lamp_table import Table
from rules.fleet_import import Judged, Merged, judge, merged
from rules.lamp_cells import Taken

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for. `retire`: luminaires that are not in the file go. `new_segments`: segments that nobody
    knows are no slips of the pen. A dry run changes nothing."""

    who: str
    dry_run: bool = True
    retire: bool = False
    new_segments: bool = False


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A city as it would stand in the registry, and the devices that are new, other than they were, and gone."""

    document: str
    digest: str
    changed: Sequence[Device]
    gone: Sequence[str]


class Inventories:
    """One change at a time; the next is made to what the last one left."""

    def __init__(
        self, database: Database, fleet: Fleet, overrides: Overrides, clock: DomainClock, renewal: Renewal
    ) -> None:
        self._database, self._fleet, self._overrides = database, fleet, overrides
        self._clock, self._renewal = clock, renewal
        self._turn = asyncio.Lock()

    async def import_luminaires(self, site: str, read: Callable[[], Table], wish: Wish) -> ImportOut:
        """Judge a table, and take it if there is nothing wrong. Raises BadTable, but not for a dry run."""

        locked_out = self._overrides.locked_out(self._clock.now())

        def look() -> tuple[Judged, Merged]:
            city = self._fleet.sites[site]
            judged = judge(
                read(),
                city,
                self._taken(site),
                retire=wish.retire,
                new_segments=wish.new_segments,
                locked_out=locked_out,
            )
            return judged, merged(city, judged.lamps, retire=wish.retire)

        async with self._turn:
            judged, change = await self._aside(look)
            told = import_out(judged, change)
            if wish.dry_run:
                return told
            if told.problems:
                raise BadTable(told.model_dump(mode="json"))
            counts = told.model_dump(include={"rows", "added", "changed", "retired"})
            return told.model_copy(update={"version": await self._take(change.city, Act.IMPORT_FLEET, counts, wish)})

    async def import_areas(self, site: str, content: bytes, wish: Wish) -> AreasOut:
        """Judge the outlines of wards, and take them if there is nothing wrong. Raises BadTable, but not for a dry
        run. Luminaires that stand outside their ward are named, and change nothing."""

        def look() -> tuple[Areas, City]:
            city = self._fleet.sites[site]
            found = read_areas(content, city)
            return found, outlined(city, found)

        async with self._turn:
            found, city = await self._aside(look)
            told = await aside(lambda: areas_out(found, city))
            if wish.dry_run:
                return told
            if told.problems:
                raise BadTable(told.model_dump(mode="json"))
            counts = {"wards": len(told.wards), "lamps_outside": told.strays_total}
            return told.model_copy(update={"version": await self._take(city, Act.IMPORT_AREAS, counts, wish)})

    async def _aside(self, look: Callable[[], T]) -> T:
        """In a thread: ten thousand rows take a second. Raises NotReady."""
        if self._renewal.is_asked:
            raise NotReady("the service is taking up another inventory; ask again in a few seconds")
        return await aside(look)

    async def _take(self, city: City, act: Act, counts: Mapping[str, int], wish: Wish) -> int | None:
        """Put a city in force. Returns its version, or None when it is what is in force. Raises NotReady."""
        if city == self._fleet.sites[city.site]:
            return None
        new = await aside(lambda: _prepared(self._fleet.sites[city.site], city))
        now = self._clock.now()
        async with self._database.write(patient=True) as session:
            version = await store.put_in_force(session, city.site, new.document, new.digest, now)
            await store.change_devices(session, new.changed, new.gone, now)
            told = written({**counts, "version": version, "digest": new.digest})
            await append(session, Entry(now, wish.who, act, city.site, parameters=told))
        self._renewal.ask()
        return version

    def _taken(self, site: str) -> Taken:
        """What stands for something else already."""
        city = self._fleet.sites[site]
        ids = {name for name in self._fleet.devices if name not in self._fleet.index} | self._fleet.cabinets.keys()
        others = [other for name, other in self._fleet.sites.items() if name != site]
        ids |= {lamp.id for other in others for lamp in other.luminaires}
        segments = {lamp.segment for other in others for lamp in other.luminaires}
        return Taken(frozenset(ids), frozenset(segments - {lamp.segment for lamp in city.luminaires}))


def _prepared(before: City, city: City) -> _Prepared:
    """Read once more as it will be read at the next start, so that it can be."""
    content = city.model_dump_json().encode()
    parse(content, city.site, city.site)
    old, new = ({device.id: device for device in devices(one)} for one in (before, city))
    changed = [device for name, device in new.items() if old.get(name) != device]
    gone = sorted(old.keys() - new.keys())
    return _Prepared(content.decode(), hashlib.sha256(content).hexdigest(), changed, gone)
