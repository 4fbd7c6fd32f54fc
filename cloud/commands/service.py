"""The command desk: issues, sends until answered, follows to the last word."""

import asyncio
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.audit.chain import Act, Entry, written
from cloud.audit.store import append
from cloud.commands import store
from cloud.commands.order import Order, answered, issued, stepped
from cloud.commands.schemas import CommandIn, OverrideIn
from cloud.commands.standing import Overrides
from cloud.database import Database
from cloud.errors import NotThere
from cloud.fleet.fleet import Fleet
from cloud.link import Link
from protocols import topics, wire
from protocols.clock import DomainClock
from protocols.commands import LONGEST_OVERRIDE, Action, Answer, Command, Override, Resume, State, Step
from protocols.topics import Leaf

TRY_FOR = timedelta(seconds=60)  # of a person's time, however fast the city's clock runs
_LAST_WORD = timedelta(seconds=10)  # of a person's time, too
_LOOK_EVERY_S = 0.5

Told = Callable[[Sequence[Order]], None]


class Commands:
    """Open orders in memory, every order in the registry. `told` hears of each change once it is durable."""

    def __init__(
        self,
        database: Database,
        fleet: Fleet,
        link: Link,
        clock: DomainClock,
        monotonic: Callable[[], float],
        resend_every: timedelta,
    ) -> None:
        self._database, self._fleet, self._link, self._clock = database, fleet, link, clock
        self._monotonic, self._resend_every = monotonic, resend_every.total_seconds()
        self.told: list[Told] = []
        self._open: dict[str, Order] = {}
        self._sent_at: dict[str, float] = {}
        self.overrides = Overrides()

    def count_open(self, sees: Callable[[str], bool]) -> int:
        """How many orders to targets that are seen wait for their last word."""
        return sum(sees(order.command.target) for order in self._open.values())

    async def load(self, session: AsyncSession) -> None:
        """Take up what was open, and the overrides that may be in force, after a start."""
        self._open = {order.command.id: order for order in await store.load_open(session)}
        since = self._clock.now() - LONGEST_OVERRIDE
        self.overrides = Overrides(await store.load_confirmed(session, since))

    async def issue(self, wanted: CommandIn, who: str) -> Order:
        """Order something of a lamp. Raises NotThere."""
        lamp = self._fleet.lamp(wanted.target)
        if lamp is None:
            raise NotThere(f"there is no luminaire {wanted.target}")
        order = issued(self._command(wanted, who), self._fleet.devices[lamp.id].edge, wanted.reason)
        async with self._database.write() as session:
            await store.save(session, [order])
            await append(session, _entry(order))
        self.keep([order])
        await self._send([order])
        return self._open.get(order.command.id, order)

    async def find(self, command_id: str) -> Order:
        """An order by its id. Raises NotThere."""
        async with self._database.read() as session:
            found = await store.load(session, [command_id])
        if command_id not in found:
            raise NotThere(f"there is no command {command_id}")
        return found[command_id]

    async def answer(self, session: AsyncSession, answers: Sequence[tuple[str, Answer]]) -> Sequence[Order]:
        """Write down what edges have said; pass the result to `keep` after the commit.

        An edge has no word in the commands of another.
        """
        known = await self._known(session, {said.id for _, said in answers})
        changed: dict[str, Order] = {}
        for edge, said in answers:
            before = changed.get(said.id) or known.get(said.id)
            if before is None or before.edge != edge:
                continue
            if (after := answered(before, said)) is not before:
                changed[said.id] = after
        await store.save(session, list(changed.values()))
        return list(changed.values())

    def keep(self, orders: Sequence[Order]) -> None:
        """Follow orders from here on, as they are now committed."""
        for order in orders:
            self.overrides.put(order)
            if order.is_open:
                self._open[order.command.id] = order
            else:
                self._open.pop(order.command.id, None)
                self._sent_at.pop(order.command.id, None)
        for told in self.told if orders else ():
            told(orders)

    async def tend(self) -> None:
        """One round: end what has run out, send again what has not been answered."""
        now = self._clock.now()
        over = [order for order in self._open.values() if now >= self._given_up_at(order)]
        await self._step(over, Step.RAN_OUT)
        await self._send([order for order in self._open.values() if self._is_due(order)])

    async def follow(self) -> None:
        """Tend for as long as the service runs."""
        while True:
            await self.tend()
            await asyncio.sleep(_LOOK_EVERY_S)

    def _given_up_at(self, order: Order) -> datetime:
        """An edge that waits for a lamp to wake says itself that this was in vain, and its word needs a moment."""
        ends = order.command.expires_at
        return ends + _LAST_WORD * max(1.0, self._clock.settings.speed) if order.state is State.WAITING else ends

    def _is_due(self, order: Order) -> bool:
        sent_at = self._sent_at.get(order.command.id)
        waits = order.state in (State.REQUESTED, State.SENT)
        return waits and (sent_at is None or self._monotonic() - sent_at >= self._resend_every)

    async def _send(self, orders: Iterable[Order]) -> None:
        sent = [order for order in orders if self._publish(order)]
        self._sent_at |= dict.fromkeys((order.command.id for order in sent), self._monotonic())
        await self._step([order for order in sent if order.state is State.REQUESTED], Step.PUBLISHED)

    def _publish(self, order: Order) -> bool:
        """An edge that has gone from the inventory cannot be told any more."""
        site = self._fleet.edges.get(order.edge)
        if site is None:
            return False
        return self._link.publish(topics.topic(site, order.edge, Leaf.COMMAND), wire.encode_message(order.command))

    async def _step(self, orders: Sequence[Order], step: Step) -> None:
        """Take a step with each order that is still open: an answer may have overtaken us."""
        if not orders:
            return
        now = self._clock.now()
        async with self._database.write() as session:
            current = [self._open[order.command.id] for order in orders if order.command.id in self._open]
            after = [(order, stepped(order, step, now)) for order in current]
            changed = [new for old, new in after if new is not old]
            await store.save(session, changed)
        self.keep(changed)

    async def _known(self, session: AsyncSession, ids: set[str]) -> Mapping[str, Order]:
        """Orders by id; one whose last word has been said may get another."""
        open_ones = {name: self._open[name] for name in ids if name in self._open}
        closed = await store.load(session, ids - open_ones.keys()) if ids - open_ones.keys() else {}
        return {**closed, **open_ones}

    def _command(self, wanted: CommandIn, who: str) -> Command:
        now = self._clock.now()
        expires_at = now + TRY_FOR * max(1.0, self._clock.settings.speed)
        action = _action(wanted, now)
        return Command(
            id=str(uuid.uuid4()), target=wanted.target, action=action, issued_at=now, expires_at=expires_at, who=who
        )


def _action(wanted: CommandIn, now: datetime) -> Action:
    if isinstance(wanted.action, OverrideIn):
        return Override(level=wanted.action.level, until=now + timedelta(minutes=wanted.action.minutes))
    return Resume()


def _entry(order: Order) -> Entry:
    """A new order for the audit log; how it ends is told by the command of this id."""
    said, action = order.command, order.command.action.model_dump(mode="json")
    parameters = written({"command": said.id, **action})
    return Entry(said.issued_at, said.who, Act.COMMAND, said.target, order.reason or "", str(order.state), parameters)
