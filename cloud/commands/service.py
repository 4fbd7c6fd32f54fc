"""The command desk: issues, sends until answered, follows to the last word."""

import asyncio
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.audit.chain import Act, Entry, written
from cloud.audit.store import append
from cloud.commands import store
from cloud.commands.order import Order, answered, issued, stepped
from cloud.commands.progress import Groups, Progress
from cloud.commands.schemas import (
    ActionIn,
    CommandIn,
    EmergencyIn,
    LockOutIn,
    OverrideIn,
    ResumeIn,
    SelfTestIn,
    UnlockIn,
)
from cloud.commands.standing import Overrides
from cloud.commands.tables import GroupRow
from cloud.commands.targets import by_edge, described
from cloud.database import Database, left_out_while_away
from cloud.errors import NotThere
from cloud.fleet.fleet import Fleet
from cloud.fleet.roll import Places
from cloud.link import Link
from cloud.self_tests import results
from cloud.self_tests import store as self_tests
from protocols import topics, wire
from protocols.clock import DomainClock
from protocols.commands import (
    LONGEST_OVERRIDE,
    MOST_LAMPS,
    Action,
    Answer,
    Command,
    Emergency,
    Group,
    LockOut,
    Override,
    Resume,
    SelfTest,
    State,
    Step,
    TestPoint,
    Unlock,
    group_and_place,
)
from protocols.topics import Leaf
from rules.consent import Sure
from rules.self_test import test_of

TRY_FOR = timedelta(seconds=60)  # of a person's time, however fast the city's clock runs
TRY_MANY_FOR = timedelta(seconds=120)  # a slow line with 200 lamps needs twenty seconds to tell and to read them
TEST_FOR = timedelta(hours=1)  # 800 lamps of one edge, ten at a time, twenty seconds each
_LAST_WORD = timedelta(seconds=10)  # of a person's time, too
_LOOK_EVERY_S = 0.5

Told = Callable[[Sequence[Order]], None]
ToldOfGroups = Callable[[Sequence[Progress]], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """A command to many lamps that may be given. `targets` are as somebody chose them."""

    who: str
    second: str | None
    reason: str | None
    targets: Mapping[str, Any]
    action: ActionIn
    lamps: Places
    sure: Sure


class Commands:
    """Open orders in memory, every order in the registry. `told` hears of each change once it is durable, and
    `told_of_groups` of each group once for all its lamps."""

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
        self.told_of_groups: list[ToldOfGroups] = []
        self._groups = Groups(fleet)
        self._messages: dict[str, Group] = {}  # those parts of groups that may have to be sent again
        self._open: dict[str, Order] = {}
        self._sent_at: dict[str, float] = {}
        self.overrides = Overrides()

    def count_open(self, sees: Callable[[str], bool]) -> int:
        """How many orders to targets that are seen wait for their last word."""
        return sum(sees(order.command.target) for order in self._open.values())

    def open_orders(self) -> Iterable[Order]:
        """Those that wait for their last word."""
        return self._open.values()

    async def load(self, session: AsyncSession) -> None:
        """Take up what was open, and the overrides that may be in force, after a start."""
        self._open = {order.command.id: order for order in await store.load_open(session)}
        await self._load_groups(session, {order.group for order in self._open.values() if order.group})
        since = self._clock.now() - LONGEST_OVERRIDE
        lock_outs = await store.load_lock_outs(session)
        self.overrides = Overrides([*lock_outs, *await store.load_confirmed(session, since), *self._open.values()])

    async def put(self, session: AsyncSession, wanted: CommandIn, who: str, sure: Sure) -> Order:
        """Write down that somebody orders something of a lamp; pass the result to `go` after the commit. Raises
        NotThere."""
        lamp = self._fleet.lamp(wanted.target)
        if lamp is None:
            raise NotThere(f"there is no luminaire {wanted.target}")
        order = issued(self._command(wanted, who), self._fleet.devices[lamp.id].edge, wanted.reason, sure=sure)
        await store.save(session, [order])
        await append(session, _entry(order))
        return order

    async def put_group(self, session: AsyncSession, asked: Asked) -> tuple[GroupRow, Sequence[Order]]:
        """The same for many lamps: one message for each edge, or more where it has very many."""
        now = self._clock.now()
        group_id, action = str(uuid.uuid4()), action_of(asked.action, now)
        expires_at = now + _tried_for(action, TRY_MANY_FOR) * max(1.0, self._clock.settings.speed)
        orders: list[Order] = []
        for number, (edge, lamps, meant) in enumerate(self._parts(asked.lamps, action)):
            part = Group(
                id=f"{group_id}-{number}",
                lamps=tuple(lamps),
                action=meant,
                issued_at=now,
                expires_at=expires_at,
                who=asked.who,
            )
            some = [issued(command, edge, asked.reason, group_id, asked.sure) for command in part.commands()]
            await store.save(session, some)
            orders += some
        row = GroupRow(
            id=group_id,
            who=asked.who,
            second=asked.second,
            reason=asked.reason,
            targets=dict(asked.targets),
            action=action.model_dump(mode="json"),
            lamps=len(orders),
            issued_at=now,
            expires_at=expires_at,
        )
        await store.save_group(session, row)
        await append(session, _entry_of_many(row, asked))
        return row, orders

    async def go(self, orders: Sequence[Order]) -> Sequence[Order]:
        """Send what has been put; the orders as they stand then."""
        self._remember_messages(orders)
        self._groups.begin(orders)
        self.keep(orders)
        await self._send(orders)
        return [self._open.get(order.command.id, order) for order in orders]

    def _parts(self, lamps: Places, action: Action) -> Iterator[tuple[str, Sequence[str], Action]]:
        for edge, indexes in by_edge(lamps, self._fleet).items():
            for meant, some in self._by_meaning(indexes, action).items():
                names = [self._fleet.lamps[index].id for index in some]
                yield from (
                    (edge, names[start : start + MOST_LAMPS], meant) for start in range(0, len(names), MOST_LAMPS)
                )

    def _by_meaning(self, indexes: Sequence[int], action: Action) -> Mapping[Action, Sequence[int]]:
        """A self-test is another one for each kind of luminaire; those of one street stand together, in their order."""
        if not isinstance(action, SelfTest):
            return {action: indexes}
        found: dict[Action, list[int]] = {}
        for index in sorted(indexes, key=lambda index: (self._fleet.lamps[index].street, index)):
            found.setdefault(test_of(self._fleet.type_of(self._fleet.lamps[index])), []).append(index)
        return found

    async def _load_groups(self, session: AsyncSession, groups: set[str]) -> None:
        orders = await store.load_of_groups(session, groups)
        self._remember_messages(orders)
        self._groups.begin(orders)

    def _remember_messages(self, orders: Sequence[Order]) -> None:
        """The parts that orders came in, as they are said: each lamp in its place."""
        parts: dict[str, dict[int, Command]] = {}
        for order in orders:
            place = group_and_place(order.command.id) if order.group else None
            if place is not None:
                parts.setdefault(place[0], {})[place[1]] = order.command
        self._messages |= {part: _message(part, commands) for part, commands in parts.items()}

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
        points = {said.id: said.points for _, said in answers if said.points is not None}
        for edge, said in answers:
            before = changed.get(said.id) or known.get(said.id)
            if before is None or before.edge != edge:
                continue
            if (after := answered(before, said)) is not before:
                changed[said.id] = after
        await store.save(session, list(changed.values()))
        await self._save_tests(
            session, [(known[order.command.id], order, points.get(order.command.id)) for order in changed.values()]
        )
        return list(changed.values())

    async def _save_tests(
        self, session: AsyncSession, steps: Iterable[tuple[Order, Order, tuple[TestPoint, ...] | None]]
    ) -> None:
        """How self-tests have ended: before, after, and what was measured."""
        now, rows = self._clock.now(), []
        for before, after, points in steps:
            lamp = self._fleet.lamp(after.command.target)
            if lamp is not None and results.has_ended(before, after):
                rows.append(results.row_of(after, points, self._fleet.type_of(lamp), now))
        await self_tests.save(session, rows)

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
        progress = self._groups.put(orders)
        for told_of_groups in self.told_of_groups if progress else ():
            told_of_groups(progress)

    async def tend(self) -> None:
        """One round: end what has run out, send again what has not been answered."""
        now = self._clock.now()
        over = [order for order in self._open.values() if now >= self._given_up_at(order)]
        await self._step(over, Step.RAN_OUT)
        await self._send([order for order in self._open.values() if self._is_due(order)])
        self._forget_messages()

    async def follow(self) -> None:
        """Tend for as long as the service runs."""
        while True:
            with left_out_while_away("commands"):
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

    def _forget_messages(self) -> None:
        """Those of parts on which nothing is open any more."""
        if not self._messages:
            return
        parts = {found[0] for name in self._open if (found := group_and_place(name))}
        self._messages = {part: message for part, message in self._messages.items() if part in parts}

    async def _send(self, orders: Iterable[Order]) -> None:
        sent: list[Order] = []
        for message, edge, some in self._said(orders):
            if self._publish(message, edge):
                sent += some
        self._sent_at |= dict.fromkeys((order.command.id for order in sent), self._monotonic())
        await self._step([order for order in sent if order.state is State.REQUESTED], Step.PUBLISHED)

    def _said(self, orders: Iterable[Order]) -> Iterator[tuple[Command | Group, str, list[Order]]]:
        """Messages, to which edge, and the orders that are in them; a part of a group goes as a whole."""
        parts: dict[str, list[Order]] = {}
        for order in orders:
            found = group_and_place(order.command.id) if order.group else None
            if found is None:
                yield order.command, order.edge, [order]
            else:
                parts.setdefault(found[0], []).append(order)
        for part, some in parts.items():
            yield self._messages[part], some[0].edge, some

    def _publish(self, message: Command | Group, edge: str) -> bool:
        """An edge that has gone from the inventory cannot be told any more."""
        site = self._fleet.edges.get(edge)
        if site is None:
            return False
        return self._link.publish(topics.topic(site, edge, Leaf.COMMAND), wire.encode_message(message))

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
            await self._save_tests(session, [(old, new, None) for old, new in after if new is not old])
        self.keep(changed)

    async def _known(self, session: AsyncSession, ids: set[str]) -> Mapping[str, Order]:
        """Orders by id; one whose last word has been said may get another."""
        open_ones = {name: self._open[name] for name in ids if name in self._open}
        closed = await store.load(session, ids - open_ones.keys()) if ids - open_ones.keys() else {}
        return {**closed, **open_ones}

    def _command(self, wanted: CommandIn, who: str) -> Command:
        now = self._clock.now()
        [action] = self._by_meaning([self._fleet.index[wanted.target]], action_of(wanted.action, now))
        expires_at = now + _tried_for(action, TRY_FOR) * max(1.0, self._clock.settings.speed)
        return Command(
            id=str(uuid.uuid4()), target=wanted.target, action=action, issued_at=now, expires_at=expires_at, who=who
        )


def _tried_for(action: Action, usual: timedelta) -> timedelta:
    """Luminaires are tested one group after the other."""
    return TEST_FOR if isinstance(action, SelfTest) else usual


def action_of(wanted: ActionIn, now: datetime) -> Action:
    """What is asked for, from now on."""
    match wanted:
        case OverrideIn(level=level, minutes=minutes):
            return Override(level=level, until=now + timedelta(minutes=minutes))
        case EmergencyIn(level=level, minutes=minutes):
            return Emergency(level=level, until=now + timedelta(minutes=minutes))
        case LockOutIn():
            return LockOut()
        case UnlockIn():
            return Unlock()
        case SelfTestIn():
            return SelfTest()
        case ResumeIn():
            return Resume()


def _message(part: str, commands: Mapping[int, Command]) -> Group:
    one = commands[0]
    lamps = tuple(commands[place].target for place in range(len(commands)))
    times = {"issued_at": one.issued_at, "expires_at": one.expires_at}
    return Group(id=part, lamps=lamps, action=one.action, who=one.who, **times)


def _entry(order: Order) -> Entry:
    """A new order for the audit log; how it ends is told by the command of this id."""
    said, action = order.command, _said_of(order.command.action.model_dump(mode="json"))
    parameters = written({"command": said.id, **action})
    return Entry(said.issued_at, said.who, Act.COMMAND, said.target, order.reason or "", str(order.state), parameters)


def _said_of(action: Mapping[str, Any]) -> dict[str, Any]:
    """Of a self-test the audit log tells that it was one, and not how it was done."""
    return {name: value for name, value in action.items() if name in ("type", "level", "until")}


def _entry_of_many(group: GroupRow, asked: Asked) -> Entry:
    """One line for all lamps; which they are is told by the commands of this group."""
    said = {"group": group.id, "lamps": group.lamps, "sure": str(asked.sure), **_said_of(group.action)}
    if asked.second is not None:
        said["second"] = asked.second
    target = described(asked.targets)
    return Entry(group.issued_at, group.who, Act.COMMAND_GROUP, target, asked.reason or "", "requested", written(said))
