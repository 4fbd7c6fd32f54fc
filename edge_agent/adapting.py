"""What is measured, where it changes the light: heard from this edge's own devices, and kept over a restart.

A source that is another edge's is never heard here, so what depends on it never begins.
"""

import asyncio
import logging
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from pydantic import TypeAdapter, ValidationError

from edge_agent.database import Database, disk_refuses
from protocols.light import Adaptation
from protocols.readings import Reading
from rules import adaptive
from rules.adaptive import InForce, State
from rules.lighting import Lighting
from rules.quality import graded

log = logging.getLogger(__name__)

SCHEMA = """
CREATE TABLE IF NOT EXISTS adapting (one INTEGER PRIMARY KEY CHECK (one = 1), states TEXT NOT NULL);
"""

_SAVE_EVERY_S = 10.0  # so much of a hold a loss of power may forget
_AHEAD = timedelta(hours=1)  # a state from further in the future was made by a wrong clock

States = dict[str, dict[str, State]]  # by set and adaptation
_STATES: TypeAdapter[States] = TypeAdapter(States)


class Adapting:
    """The adaptations of one edge. `follow` says which there are."""

    def __init__(self) -> None:
        self._states: States = {}
        self._by_source: Mapping[str, list[tuple[str, Adaptation]]] = {}
        self._changed = asyncio.Event()

    async def load(self, database: Database) -> None:
        """Go on where a restart interrupted, from a database that has SCHEMA."""
        rows = await database.run(lambda connection: connection.execute("SELECT states FROM adapting").fetchall())
        try:
            self._states = _STATES.validate_json(rows[0][0]) if rows else {}
        except ValidationError as error:
            log.warning("what was measured for the light is forgotten: %s", error)

    def follow(self, sets: Mapping[str, Lighting]) -> None:
        """From now on those of these sets, and no others."""
        found: defaultdict[str, list[tuple[str, Adaptation]]] = defaultdict(list)
        for name, lighting in sets.items():
            for one in lighting.adaptations:
                found[one.source].append((name, one))
        self._by_source = found
        kept = {name: {one.id for one in lighting.adaptations} for name, lighting in sets.items()}
        self._states = {
            name: {one: state for one, state in states.items() if one in kept[name]}
            for name, states in self._states.items()
            if kept.get(name)
        }

    def hear(self, readings: Iterable[Reading]) -> None:
        """What devices measured. Called with every reading, so it does nothing as long as nobody asks for it."""
        if not self._by_source:
            return
        for reading in readings:
            for name, one in self._by_source.get(reading.device, ()):
                self._step(name, one, graded(reading))

    def in_force(self, name: str, lighting: Lighting, now: datetime) -> tuple[InForce, ...]:
        """The adaptations of a set that change its light now."""
        states = self._states.get(name)
        if not states:
            return ()
        sane = {one: state for one, state in states.items() if _is_sane(state, now)}
        return adaptive.in_force(lighting.adaptations, sane, now)

    async def run(self, database: Database) -> NoReturn:
        """Keep what changes on the disk, until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self._save(database)
            await asyncio.sleep(_SAVE_EVERY_S)

    def _step(self, name: str, one: Adaptation, reading: Reading) -> None:
        at, states = datetime.fromtimestamp(reading.at, UTC), self._states.setdefault(name, {})
        before = states.get(one.id, State())
        before = before if _is_sane(before, at) else State()
        found = states[one.id] = adaptive.step(one, before, adaptive.measured(one, reading), at)
        if (found.turned_at, found.ends_at) != (before.turned_at, before.ends_at):
            self._changed.set()

    async def _save(self, database: Database) -> None:
        text = _STATES.dump_json(self._states).decode()
        try:
            await database.run(
                lambda connection: connection.execute("INSERT OR REPLACE INTO adapting VALUES (1, ?)", (text,))
            )
        except sqlite3.OperationalError as error:
            if not disk_refuses(error):
                raise


def _is_sane(state: State, now: datetime) -> bool:
    return state.seen_at is None or state.seen_at - now <= _AHEAD
