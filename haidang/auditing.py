"""`haidang audit verify`: is the audit log as it was written?"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import typer
from sqlalchemy.exc import SQLAlchemyError

from cloud.audit.check import Check, Kept
from cloud.audit.heads import HEADS_FILE
from cloud.audit.signing import KEY_FILE, load_signer
from cloud.audit.verify import evidence_in, evidence_of, verify
from cloud.database import Database
from cloud.errors import in_one_line
from cloud.settings import Settings


class CannotVerify(ValueError):
    """There is no log to be read."""


def run(settings: Settings, files: Sequence[Path], key: str | None) -> bool:
    """Print what is wrong, or that all is well. True when it is. Raises OSError, NotHeads and CannotVerify."""
    beside = settings.data / HEADS_FILE
    given = evidence_in([*([beside] if beside.exists() else []), *files])
    return asyncio.run(_verified(settings, given, key or _own_key(settings)))


async def _verified(settings: Settings, given: Sequence[Kept], key: str | None) -> bool:
    _must_be_there(settings)
    database = Database(settings.database)
    try:
        async with database.read(patient=True) as session:
            evidence = await evidence_of(session, given, settings.signer, key)
            check = Check(evidence.heads)
            found = len(evidence.doubts)
            for doubt in evidence.doubts:
                typer.echo(doubt)
            async for finding in verify(session, check):
                typer.echo(str(finding))
                found += 1
    except (SQLAlchemyError, ConnectionError) as error:
        raise CannotVerify(f"the audit log cannot be read: {in_one_line(error)}") from error
    finally:
        await database.close()
    typer.echo(_said(check, evidence.heads, found))
    return not found


def _said(check: Check, heads: Sequence[Kept], found: int) -> str:
    if found:
        return f"NOT WELL: {check.rows:,} rows were read, and {found:,} things are wrong"
    proven = f"{len(heads):,} signed heads fit; the newest proves row {check.fits_until:,}" if heads else _NO_HEADS
    return f"well: {check.rows:,} rows, each follows from the one before. {proven}, and {_rest(check)}"


_NO_HEADS = "No head was signed yet, so a log that was computed anew would look the same"


def _rest(check: Check) -> str:
    rest = check.rows - check.fits_until
    return f"{rest:,} rows are not covered by a signature yet" if rest else "no row is without a signature"


def _own_key(settings: Settings) -> str | None:
    """The public half of the key on this machine, if it is on this machine."""
    file = settings.data / KEY_FILE
    return load_signer(file, settings.signer).public if file.exists() else None


def _must_be_there(settings: Settings) -> None:
    """Looking must not make an empty registry."""
    if settings.database_url is None and not (settings.data / "registry.sqlite").exists():
        raise CannotVerify(f"{settings.data}: there is no registry.sqlite; give --data")
