"""From inventory.json into the registry: nothing when it is the same, a new version when it is not."""

import hashlib
import logging
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.database import Database
from cloud.fleet import store
from cloud.fleet.fleet import Fleet
from cloud.fleet.tables import InventoryRow
from protocols.config import ConfigError, Problem, dotted
from protocols.inventory import City

log = logging.getLogger(__name__)


async def import_inventory(database: Database, path: Path, site: str, now: datetime) -> Fleet:
    """The city in force. Raises ConfigError and, where there is neither a file nor an earlier import, OSError."""
    async with database.write() as session:
        held = await store.load_newest(session)
        content = _content(path, held)
        digest = hashlib.sha256(content).hexdigest()
        city = parse(content, str(path), site)
        if held is not None and held.hash == digest:
            return Fleet(city, held.version)
        fleet = Fleet(city, held.version + 1 if held else 1)
        await _save(session, fleet, digest, content, now)
        return fleet


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


def _content(path: Path, held: InventoryRow | None) -> bytes:
    if held is None or path.exists():
        return path.read_bytes()
    log.warning("%s is not there; going on with version %d of the inventory", path, held.version)
    return held.document.encode()


async def _save(session: AsyncSession, fleet: Fleet, digest: str, content: bytes, now: datetime) -> None:
    retired = await store.save(session, fleet, digest, content.decode(), now)
    log.info("inventory version %d: %d luminaires, %d devices retired", fleet.version, len(fleet.lamps), retired)
