"""The hand-over list of a shift: what is held, and by whom; and that somebody has taken it over."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from cloud.aside import aside
from cloud.audit.chain import Act, Entry, written
from cloud.audit.store import write_down
from cloud.commands.service import Commands
from cloud.database import Database
from cloud.errors import ChangedMeanwhile, NotThere
from cloud.fleet.view import View
from cloud.overrides.lines import Line, digest, lines
from cloud.overrides.schemas import HandedOverOut, HandOverIn, HeldOut, OverridesOut, line_out
from cloud.people.service import People, canonical
from protocols.clock import DomainClock

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class HandOver:
    """Reads what the lamps have confirmed, and what is on its way to them."""

    database: Database
    commands: Commands
    people: People
    clock: DomainClock

    async def look(self, view: View, told: Callable[[OverridesOut], bytes]) -> bytes:
        """What stands above the programme now, of what is seen, as it is `told`."""

        def look(found: Sequence[Line]) -> bytes:
            items = [line_out(line, view) for line in found]
            return told(OverridesOut(items=items, lamps=_count(found), digest=digest(found, view)))

        return await self._aside(view, look)

    async def held(self, made_by: str, view: View, map_view: View) -> HeldOut:
        """The lamps of one line; none when there is no such line any more."""

        def find(found: Sequence[Line]) -> Line | None:
            return next((line for line in found if line.made_by == made_by), None)

        line = await self._aside(view, find)
        indexes = sorted(line.lamps) if line else []
        numbers = map_view.numbers[np.array(indexes, dtype=np.int64)]
        names = [view.fleet.lamps[index].id for index in indexes]
        return HeldOut(lamps=names, numbers=numbers[numbers >= 0].tolist())

    async def hand_over(self, who: str, wanted: HandOverIn, view: View) -> HandedOverOut:
        """Write down that somebody takes over what is held now. Raises NotThere and ChangedMeanwhile."""
        now, to = self.clock.now(), canonical(wanted.to)
        seen, commands, lamps = await self._aside(view, lambda found: (digest(found, view), len(found), _count(found)))
        if seen != wanted.digest:
            raise ChangedMeanwhile
        person = await self.people.find(to)
        if person is None or not self.people.may_come(person) or to == who:
            raise NotThere("there is nobody else of this name who could take over")
        done = HandedOverOut(by=who, to=to, at=now, commands=commands, lamps=lamps, digest=wanted.digest)
        said = written({"to": to, "commands": done.commands, "lamps": done.lamps, "digest": done.digest})
        entry = Entry(now, who, Act.HAND_OVER, to, wanted.note, parameters=said)
        await write_down(self.database, entry)
        return done

    async def _aside(self, view: View, look: Callable[[Sequence[Line]], T]) -> T:
        """In a thread, as a city that is held as a whole takes some tenths of a second. What a lamp confirms meanwhile
        counts or does not."""
        overrides, orders, now = self.commands.overrides, list(self.commands.open_orders()), self.clock.now()
        return await aside(lambda: look(lines(overrides, orders, view, now)))


def _count(found: Sequence[Line]) -> int:
    """A lamp that one command holds and the next is on its way to counts once."""
    return len(set[int]().union(*(line.lamps for line in found)))
