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
from cloud.fleet.fleet import Fleet
from cloud.light import store
from cloud.light.checking import Checking
from cloud.light.drafts import is_excused
from cloud.light.schemas import FindingOut
from cloud.light.tables import LightDraftRow, LightReleaseRow
from protocols import config
from protocols.clock import DomainClock
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


class FirstPlans:
    """The plans that cities are to begin with, from the start of the service until they are in force."""

    def __init__(self, database: Database, fleet: Fleet, checking: Checking, clock: DomainClock) -> None:
        self._database, self._fleet, self._checking, self._clock = database, fleet, checking, clock
        self._waiting: list[First] = []

    async def read(self, files: Mapping[str, Path | None]) -> None:
        """The file of each city in which nobody has planned anything. Raises OSError and ConfigError."""
        for site, file in files.items():
            if file is not None and not await self._is_planned(site):
                document = config.parse(await asyncio.to_thread(file.read_bytes), str(file))
                self._waiting.append(First(site, document, config.validate(document, LightPlan)))

    async def take(self) -> bool:
        """Put those that wait into force, and say whether there were any. Looking a plan through takes a second: the
        service answers meanwhile. Raises ConfigError."""
        taken = bool(self._waiting)
        while self._waiting:
            await self.take_one(self._waiting[0])
            del self._waiting[0]
        return taken

    async def take_one(self, first: First) -> None:
        """Make it draft and release, unless somebody has planned meanwhile. Raises ConfigError for a plan that no city
        could live under."""
        await self._check(first)
        site, plan, now = first.site, first.plan, self._clock.now()
        roll, members = self._fleet.roll_of(site), await self._checking.members(site, plan)
        names = {group: roll.names(some.lamps) for group, some in members.items()}
        async with self._database.write() as session:
            if await store.load_draft(session, site) is not None:
                return
            text = plan.model_dump_json()
            session.add(LightDraftRow(site=site, version=1, plan=text, changed_at=now, changed_by=_WHO))
            session.add(_release(site, plan, names, now))
            said = written({"release": 1, "lamps": sum(map(len, names.values()))})
            reason = Path(first.document.file).name
            await append(session, Entry(now, _WHO, Act.SEND_LIGHT, site, reason=reason, parameters=said))
        log.info("%s begins with the light plan %s", site, first.document.file)

    async def _is_planned(self, site: str) -> bool:
        async with self._database.read() as session:
            return await store.load_draft(session, site) is not None

    async def _check(self, first: First) -> None:
        findings = await self._checking.findings(first.site, first.plan)
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
