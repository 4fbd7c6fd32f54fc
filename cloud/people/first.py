"""The first administrator: made when nobody can sign in, with a password that only the machine's owner can read."""

import logging
import os
import secrets
from pathlib import Path

from cloud.audit.chain import Act, Entry
from cloud.audit.store import write_down
from cloud.people.rights import Role
from cloud.people.service import People

USERNAME = "admin"

log = logging.getLogger(__name__)


async def ensure_administrator(people: People, password_file: Path) -> None:
    """Make the first administrator, unless somebody can sign in already."""
    if not await people.is_empty():
        return
    password = secrets.token_urlsafe(18)
    _write_secret(password_file, password)
    await people.add(USERNAME, password, Role.ADMINISTRATOR, "Administrator")
    await write_down(people.database, Entry(people.clock.now(), "", Act.FIRST_ADMINISTRATOR, USERNAME))
    log.info("made the first administrator %r; the password stands in %s", USERNAME, password_file)


def _write_secret(path: Path, secret: str) -> None:
    """For its owner only, from the first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w") as out:
        out.write(secret + "\n")
