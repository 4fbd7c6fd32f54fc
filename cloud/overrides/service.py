"""The hand-over list of a shift: what is held, and by whom; and that somebody has taken it over."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

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


@dataclass(frozen=True, slots=True)
class HandOver:
    """Reads what the lamps have confirmed, and what is on its way to them."""

    database: Database
    commands: Commands
    people: People
    clock: DomainClock

    def look(self, view: View) -> OverridesOut:
        """What stands above the programme now, of what is seen."""
        found = self._lines(view)
        return OverridesOut(
            items=[line_out(line, view) for line in found], lamps=_count(found), digest=digest(found, view)
        )

    def held(self, made_by: str, view: View, map_view: View) -> HeldOut:
        """The lamps of one line; none when there is no such line any more."""
        line = next((line for line in self._lines(view) if line.made_by == made_by), None)
        indexes = sorted(line.lamps) if line else []
        numbers = map_view.numbers[np.array(indexes, dtype=np.int64)]
        names = [view.fleet.lamps[index].id for index in indexes]
        return HeldOut(lamps=names, numbers=numbers[numbers >= 0].tolist())

    async def hand_over(self, who: str, wanted: HandOverIn, view: View) -> HandedOverOut:
        """Write down that somebody takes over what is held now. Raises NotThere and ChangedMeanwhile."""
        found, now, to = self._lines(view), self.clock.now(), canonical(wanted.to)
        if digest(found, view) != wanted.digest:
            raise ChangedMeanwhile
        person = await self.people.find(to)
        if person is None or not self.people.may_come(person) or to == who:
            raise NotThere("there is nobody else of this name who could take over")
        done = HandedOverOut(by=who, to=to, at=now, commands=len(found), lamps=_count(found), digest=wanted.digest)
        said = written({"to": to, "commands": done.commands, "lamps": done.lamps, "digest": done.digest})
        entry = Entry(now, who, Act.HAND_OVER, to, wanted.note, parameters=said)
        await write_down(self.database, entry)
        return done

    def _lines(self, view: View) -> Sequence[Line]:
        return lines(self.commands.overrides, self.commands.open_orders(), view, self.clock.now())


def _count(found: Sequence[Line]) -> int:
    """A lamp that one command holds and the next is on its way to counts once."""
    return len(set[int]().union(*(line.lamps for line in found)))
