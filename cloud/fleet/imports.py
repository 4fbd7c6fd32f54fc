"""From the inventories into the registry: nothing when they are the same, a new version of each that is not.

A file counts again when it has changed since it was last read, and the service starts. Until then what people have
changed stands above it: a service that begins anew by itself looks at no file.

A thing has one id in the whole service: one that stands in two cities is refused, with both places.
"""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.database import Database
from cloud.fleet import store
from cloud.fleet.fleet import Fleet, devices
from cloud.fleet.tables import InventoryRow
from cloud.settings import Site
from protocols.config import ConfigError, Problem, dotted
from protocols.inventory import City

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Read:
    """An inventory as it is to be now; `held` is the row in force. Without a file there is no `file_digest`."""

    file: Path
    city: City
    content: bytes
    digest: str
    file_digest: str | None
    held: InventoryRow | None

    @property
    def is_new(self) -> bool:
        return self.held is None or self.held.hash != self.digest


async def import_inventories(
    database: Database, sites: Sequence[Site], now: datetime, *, is_start: bool = True
) -> Fleet:
    """The cities in force. Raises ConfigError and, where there is neither a file nor an earlier import, OSError."""
    async with database.write(patient=True) as session:
        held = await store.load_in_force(session)
        read = [_read(site, held.get(site.id), is_start=is_start) for site in sites]
        problems = list(_in_two_cities(read))
        if problems:
            raise ConfigError(problems[:20])
        gone = [row for site, row in held.items() if site not in {site.id for site in sites}]
        return await _in_force(session, read, gone, now)


def parse(content: bytes, file: str, site: str | None = None) -> City:
    """An inventory, of this site if one is given. Raises ConfigError."""
    try:
        city = City.model_validate_json(content)
    except ValidationError as error:
        problems = [Problem(file, 1, dotted(details["loc"]), details["msg"]) for details in error.errors()]
        raise ConfigError(problems[:20]) from error
    if site is not None and city.site != site:
        raise ConfigError([Problem(file, 1, "site", f"{city.site!r} is another city; cloud.yaml says {site!r}")])
    return city


def _read(site: Site, held: InventoryRow | None, *, is_start: bool) -> _Read:
    said = _of_file(site.inventory, held) if is_start or held is None else None
    file_digest = None if said is None else hashlib.sha256(said).hexdigest()
    is_known = held is not None and (said is None or file_digest == held.file_hash)
    content = held.document.encode() if held is not None and is_known else said or b""
    city = parse(content, str(site.inventory), site.id)
    return _Read(site.inventory, city, content, hashlib.sha256(content).hexdigest(), file_digest, held)


def _of_file(path: Path, held: InventoryRow | None) -> bytes | None:
    if held is None or path.exists():
        return path.read_bytes()
    log.warning("%s is not there; going on with version %d of the inventory", path, held.version)
    return None


async def _in_force(session: AsyncSession, read: Sequence[_Read], gone: Sequence[InventoryRow], now: datetime) -> Fleet:
    """A version for each inventory that is new. A city that cloud.yaml no longer names takes its devices with it; that,
    too, numbers the lamps anew, so there is a new version even if every other inventory is as it was."""
    version = await store.load_last_version(session)
    new = [one for one in read if one.is_new] or list(read[:1] if gone else ())
    fleet = Fleet([one.city for one in read], version + len(new))
    for one in read:
        if one.held is not None and one.file_digest is not None:
            one.held.file_hash = one.file_digest
    if new:
        for row in [*gone, *(one.held for one in new if one.held)]:
            row.in_force = False
        session.add_all(_row(one, number, now) for number, one in enumerate(new, version + 1))
        retired = await store.save_devices(session, fleet, now)
        log.info("inventory version %d: %d luminaires, %d devices retired", fleet.version, len(fleet.lamps), retired)
    return fleet


def _row(one: _Read, version: int, now: datetime) -> InventoryRow:
    document = one.content.decode()
    known = {"version": version, "site": one.city.site, "in_force": True, "imported_at": now, "document": document}
    file_hash = one.file_digest or (one.held.file_hash if one.held else None)
    return InventoryRow(**known, hash=one.digest, file_hash=file_hash)


def _in_two_cities(read: Sequence[_Read]) -> Iterator[Problem]:
    """Every id that an earlier city has, and every type of luminaire that an earlier city describes otherwise."""
    known: dict[tuple[str, object], Path] = {}
    for one in read:
        for what, name in _names(one.city):
            if (what, name) in known:
                advice = f"{name} stands in {known[what, name]}, too; every id names one thing in all cities"
                yield Problem(str(one.file), 1, what, advice)
        known |= dict.fromkeys(_names(one.city), one.file)
    yield from _two_types(read)


def _names(city: City) -> Iterator[tuple[str, str]]:
    """What would be mistaken for each other: one list for all that an area or a reading can be asked by."""
    yield from (("devices", device.id) for device in devices(city))
    yield from (("devices", cabinet.id) for cabinet in city.cabinets)
    yield from (("wards", ward.id) for ward in city.wards)
    yield from (("groups", group.id) for group in city.groups)
    yield from (("segments", segment) for segment in {lamp.segment for lamp in city.luminaires})


def _two_types(read: Sequence[_Read]) -> Iterator[Problem]:
    known: dict[str, tuple[object, Path]] = {}
    for one in read:
        for kind in one.city.luminaire_types:
            said, file = known.setdefault(kind.id, (kind, one.file))
            if said != kind:
                advice = f"{kind.id} is described otherwise in {file}; give one of them another id"
                yield Problem(str(one.file), 1, "luminaire_types", advice)
