"""Slows down who guesses, without shutting out whose account it is.

Where somebody has signed in from before, by browser or by network, he has tries of his own; all strangers together
share the tries of an account, and all tries of one network are counted, too. Nothing is ever locked: who waits may try
again.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.audit import asking
from cloud.audit.chain import Act, Entry, written
from cloud.audit.store import append
from cloud.database import Database, RegistryAway, left_out_while_away
from cloud.errors import TooManyTries
from cloud.people import store
from cloud.people.devices import cookie_of, device_name, network_name, network_of
from cloud.people.limiter import Bucket, Full, Kind, Limiter
from cloud.people.tally import EVERY_S, Tally, Told
from protocols.clock import DomainClock

_CROWD_WAIT_S = 5.0
_LOOK_EVERY_S = 10.0
_FAILURES = Bucket(Kind.LOG, "all")
# Who and what a row is about, by what was slowed: the account of a name, or an address.
_ABOUT: Mapping[Kind, Callable[[str], tuple[str, str]]] = defaultdict(
    lambda: lambda key: (key, ""),
    {
        Kind.ADDRESS: lambda key: ("", key),
        Kind.RESET_ADDRESS: lambda key: ("", key),
        Kind.SIGN_ON: lambda key: ("", key),
    },
)


class Guard:
    """Counts tries at passwords, codes and passkeys. `is_crowded` says that strangers have to come back later."""

    def __init__(self, database: Database, clock: DomainClock, is_crowded: Callable[[], bool]) -> None:
        self._database, self._clock, self._is_crowded = database, clock, is_crowded
        self._limiter, self._tally = Limiter(clock.wall), Tally(clock.wall)
        self._known: dict[str, set[str]] = {}
        self._more = asyncio.Event()

    async def load(self, session: AsyncSession) -> None:
        """Take up who has signed in from where."""
        self._known = await store.load_known(session)

    def learn(self, username: str, names: set[str]) -> None:
        """These are the devices and networks from which somebody has signed in."""
        self._known[username] = names

    def knows(self, username: str, address: str) -> bool:
        """True when somebody has signed in from here before."""
        return self._own(username, address) is not None

    def count(self, username: str, address: str) -> None:
        """Count a try before it is made. Raises TooManyTries."""
        if not self.knows(username, address) and self._is_crowded():
            raise TooManyTries(_CROWD_WAIT_S)
        self.take(*self._buckets(username, address))

    def take(self, *buckets: Bucket) -> None:
        """Count a try. Raises TooManyTries, which is written down."""
        full = self._limiter.take(buckets)
        if full is not None:
            self._refuse(full)

    def forgive(self, username: str, address: str) -> None:
        """The try was a good one: what is one's own starts anew, the others get it back."""
        for bucket in self._buckets(username, address):
            (self._limiter.clear if bucket.kind is Kind.DEVICE else self._limiter.give_back)(bucket)

    def give_back(self, username: str, address: str) -> None:
        """The try was a good one, and not all that there is to prove: what failed before counts on."""
        for bucket in self._buckets(username, address):
            self._limiter.give_back(bucket)

    def may_tell(self) -> bool:
        """True when one more failure may have a row of its own in the audit log; else it is counted for the next."""
        if self._limiter.take([_FAILURES]) is None:
            return True
        self._tally.count(_FAILURES)
        return False

    async def run(self) -> None:
        """Write down what was slowed, for as long as the service runs."""
        while True:
            self._more.clear()
            with left_out_while_away("guard"):
                await self.tell()
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY_S):
                    await self._more.wait()

    async def tell(self) -> None:
        """Write down what is due: each slowing when it begins, and once a minute how many tries it has refused."""
        due = self._tally.due()
        if due:
            await self._write_down(due)

    async def _write_down(self, due: Sequence[Told]) -> None:
        try:
            async with self._database.write() as session:
                for told in due:
                    await append(session, self._entry(told))
        except RegistryAway:
            self._tally.untold(due)
            raise

    def _buckets(self, username: str, address: str) -> Iterator[Bucket]:
        own = self._own(username, address)
        yield Bucket(Kind.DEVICE, f"{username}\n{own}") if own else Bucket(Kind.ACCOUNT, username)
        if own is None or own == network_name(address):  # a network may be known, and full of strangers all the same
            yield Bucket(Kind.ADDRESS, network_of(address))

    def _own(self, username: str, address: str) -> str | None:
        """What this account is known for here: the browser, or else the network."""
        known, cookie = self._known.get(username, set()), cookie_of(asking.request())
        names = [*([device_name(cookie)] if cookie else []), network_name(address)]
        return next((name for name in names if name in known), None)

    def _refuse(self, full: Full) -> None:
        if self._tally.count(full.bucket):
            self._more.set()
        raise TooManyTries(full.wait_s)

    def _entry(self, told: Told) -> Entry:
        if told.bucket == _FAILURES:
            who, target, act = "", "", Act.LOG_IN_FAILED
        else:
            (who, target), act = _ABOUT[told.bucket.kind](told.bucket.key.partition("\n")[0]), Act.SLOWED
        parameters: dict[str, str | float] = {"of": told.bucket.kind, "tries": told.tries, "within_s": EVERY_S}
        return Entry(self._clock.now(), who, act, target, result="refused", parameters=written(parameters))
