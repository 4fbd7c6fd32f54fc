"""How many tries in how long a time, per bucket. The only file that knows `limits`.

The windows of a bucket grow: who has used up the short one waits minutes, who has used up the long one an hour.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from limits import RateLimitItem, parse_many
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

_MOST_COUNTS = 100_000  # some 25 MB; a stranger who turns them over needs longer than the longest window


class Kind(StrEnum):
    """What tries are counted for."""

    ACCOUNT = "account"  # what strangers try at one account, all together
    DEVICE = "device"  # what one known device or network tries at the account that it is known for
    ADDRESS = "address"  # what one network tries at all accounts
    RESET_ACCOUNT = "reset account"
    RESET_ADDRESS = "reset address"
    SIGN_ON = "sign-on"  # what one network comes back with from a provider
    LOG = "log"  # rows about failures: an attack must not fill the audit log


LIMITS: Mapping[Kind, list[RateLimitItem]] = {
    kind: parse_many(text)
    for kind, text in {
        Kind.ACCOUNT: "10/5 minute; 30/hour",
        Kind.DEVICE: "10/5 minute; 30/hour",
        Kind.ADDRESS: "50/5 minute; 200/hour",
        Kind.RESET_ACCOUNT: "3/hour",
        Kind.RESET_ADDRESS: "20/hour",
        Kind.SIGN_ON: "60/5 minute; 600/hour",
        Kind.LOG: "100/minute",
    }.items()
}


@dataclass(frozen=True, slots=True)
class Bucket:
    """The tries of one kind, of one account, device or network."""

    kind: Kind
    key: str


@dataclass(frozen=True, slots=True)
class Full:
    """A bucket that takes nothing more for so many seconds."""

    bucket: Bucket
    wait_s: float


class Limiter:
    """Counts tries before they are made. `now` returns seconds; it may be set back."""

    def __init__(self, now: Callable[[], float], most: int = _MOST_COUNTS) -> None:
        self._now, self._counts = now, _Counts(now, most)
        self._windows = FixedWindowRateLimiter(self._counts)

    def take(self, buckets: Iterable[Bucket]) -> Full | None:
        """Count a try in all of the buckets; in none of them when one is full, and then say which takes longest."""
        wanted = list(buckets)
        full = [self._full(bucket, window) for bucket in wanted for window in LIMITS[bucket.kind]]
        longest = max((one for one in full if one), key=lambda one: one.wait_s, default=None)
        if longest is None:
            for bucket in wanted:
                self._each(bucket, self._windows.hit)
        return longest

    def give_back(self, bucket: Bucket) -> None:
        """A try was a good one."""
        self._each(bucket, lambda window, key: self._windows.hit(window, key, cost=-1))

    def clear(self, bucket: Bucket) -> None:
        """Begin anew."""
        self._each(bucket, self._windows.clear)

    def _full(self, bucket: Bucket, window: RateLimitItem) -> Full | None:
        if self._windows.test(window, _key(bucket)):
            return None
        until = self._windows.get_window_stats(window, _key(bucket)).reset_time
        return Full(bucket, max(1.0, until - self._now()))

    def _each(self, bucket: Bucket, act: Callable[[RateLimitItem, str], object]) -> None:
        for window in LIMITS[bucket.kind]:
            act(window, _key(bucket))


def _key(bucket: Bucket) -> str:
    return f"{bucket.kind}\n{bucket.key}"


@dataclass(slots=True)
class _Count:
    """Tries since a window began, and when that window ends."""

    tries: int
    ends: float
    lasts: float


class _Counts(Storage):
    """Counts in memory, the longest untouched of which go when there are too many.

    `limits` has a store of its own for that; it has no bound, reads the machine's clock and starts threads.
    """

    STORAGE_SCHEME = None  # made here only, never by address

    def __init__(self, now: Callable[[], float], most: int) -> None:
        super().__init__()
        self._now, self._most = now, most
        self._of: OrderedDict[str, _Count] = OrderedDict()

    @property
    def base_exceptions(self) -> type[Exception]:
        """Nothing here fails."""
        return ArithmeticError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a count; its window begins with the first."""
        count = self._living(key) or self._of.setdefault(key, _Count(0, self._now() + expiry, expiry))
        self._of.move_to_end(key)
        count.tries = max(0, count.tries + amount)
        if len(self._of) > self._most:
            self._of.popitem(last=False)
        return count.tries

    def get(self, key: str) -> int:
        """A count, 0 for none."""
        count = self._living(key)
        return count.tries if count else 0

    def get_expiry(self, key: str) -> float:
        """When a window ends."""
        count = self._living(key)
        return count.ends if count else self._now()

    def check(self) -> bool:
        """Memory is always there."""
        return True

    def reset(self) -> int:
        """Forget everything; how much that was."""
        known = len(self._of)
        self._of.clear()
        return known

    def clear(self, key: str) -> None:
        """Forget a count."""
        self._of.pop(key, None)

    def _living(self, key: str) -> _Count | None:
        """A window that has ended is forgotten; so is one that cannot have begun yet, after the clock was set back."""
        count = self._of.get(key)
        if count is not None and not 0 < count.ends - self._now() <= count.lasts:
            del self._of[key]
            return None
        return count
