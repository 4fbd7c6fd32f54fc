"""The plan that a city begins with: read from a file at the very first start, and in force as soon as it is checked."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson

from cloud.audit.chain import Act, Entry, written
from cloud.audit.store import append
from cloud.database import Database
from cloud.light import store
from cloud.light.checking import Checking
from cloud.light.drafts import is_excused
from cloud.light.schemas import FindingOut
from cloud.light.tables import LightDraftRow, LightReleaseRow
from protocols import config
from protocols.config import ConfigError, Document
from protocols.light import LightPlan

log = logging.getLogger(__name__)

_WHO = "cloud.yaml"  # nobody has signed in yet


@dataclass(frozen=True, slots=True)
class First:
    """A plan as its file says it."""

    site: str
    document: Document
    plan: LightPlan


async def read_first(database: Database, site: str, file: Path) -> First | None:
    """The plan of a file, where nobody has planned anything. Raises OSError and ConfigError."""
    async with database.read() as session:
        if await store.load_draft(session, site) is not None:
            return None
    document = config.parse(await asyncio.to_thread(file.read_bytes), str(file))
    return First(site, document, config.validate(document, LightPlan))


async def take_first(database: Database, checking: Checking, first: First, now: datetime) -> None:
    """Make it draft and release, unless somebody has planned meanwhile. Raises ConfigError for a plan that no city
    could live under."""
    await _check(checking, first)
    site, plan, file = first.site, first.plan, first.document.file
    roll, members = checking.roll(site), await checking.members(site, plan)
    names = {group: roll.names(some.lamps) for group, some in members.items()}
    async with database.write() as session:
        if await store.load_draft(session, site) is not None:
            return
        session.add(LightDraftRow(site=site, version=1, plan=plan.model_dump_json(), changed_at=now, changed_by=_WHO))
        session.add(_release(site, plan, names, now))
        said = {"release": 1, "lamps": sum(map(len, names.values()))}
        await append(session, Entry(now, _WHO, Act.SEND_LIGHT, site, reason=Path(file).name, parameters=written(said)))
    log.info("%s begins with the light plan %s", site, file)


async def _check(checking: Checking, first: First) -> None:
    findings = await checking.findings(first.site, first.plan)
    bad = [finding for finding in findings if not is_excused(finding, first.plan)]
    if bad:
        raise ConfigError([first.document.problem(tuple(one.path), _advice(one)) for one in bad[:20]])


def _advice(finding: FindingOut) -> str:
    figures = ", ".join(f"{name} {value}" for name, value in finding.figures.items())
    words = finding.code.replace("_", " ")
    return f"{words} ({figures})" if figures else words


def _release(site: str, plan: LightPlan, members: Mapping[str, Sequence[str]], now: datetime) -> LightReleaseRow:
    return LightReleaseRow(
        site=site,
        number=1,
        state=store.SENT,
        plan=plan.model_dump_json(),
        members=orjson.dumps(members).decode(),
        lamps=sum(map(len, members.values())),
        reason="first",
        proposed_by=_WHO,
        proposed_at=now,
        sent_by=_WHO,
        sent_at=now,
    )
