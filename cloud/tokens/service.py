"""Machines ask in the name of who made their token, and never get more than that person has at this moment.

A token is `hd_ID_SECRET`. The id finds it, the SHA-256 of the whole is compared.
"""

import hashlib
import hmac
import secrets
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.audit.chain import Act, Entry, written
from cloud.audit.store import append
from cloud.database import Database
from cloud.errors import BadExpiry, NotAllowed, NotForMachines, NotThere
from cloud.people.rights import FOR_PEOPLE, Right, Role
from cloud.people.store import Session, lacks_factor, load_grants, load_person
from cloud.people.tables import PersonRow
from cloud.tokens import store
from cloud.tokens.schemas import MadeOut, Scope, TokenIn, TokenOut
from cloud.tokens.store import Made
from cloud.tokens.tables import TokenRow
from protocols.clock import DomainClock
from rules.areas import Area, Grant, may, may_give, reaches, within
from rules.consent import OF_MACHINES

PREFIX = "hd_"
LONGEST = timedelta(days=400)
USED_EVERY = timedelta(minutes=1)
_ROLE = "machine"


class Tokens:
    """The tokens of one city's service. Who has a role of `second_factor_for` and no factor is held, and so are his
    machines."""

    def __init__(self, database: Database, clock: DomainClock, second_factor_for: Collection[Role] = ()) -> None:
        self._database, self._clock, self._strict = database, clock, second_factor_for

    async def session(self, token: str) -> Session | None:
        """Who holds this token, if it is good, with what its maker still has of it."""
        who, row = await self._holder(token)
        now = self._clock.wall_now()
        if who is not None and row is not None and (row.used_at is None or now - row.used_at >= USED_EVERY):
            async with self._database.write() as session:
                await store.use(session, row.id, now)
        return who

    async def living(self, listening: Iterable[Session]) -> set[str]:
        """The hashes of those of the machines that may still do what they could when they began to listen."""
        machines = {who.token_hash: who for who in listening if who.is_machine}
        if not machines:
            return set()
        async with self._database.read() as session:
            living = await store.load_all(session, self._clock.wall_now())
            found = [await self._session(session, made) for made in living]
        return {who.token_hash for who in found if who is not None and who == machines.get(who.token_hash)}

    async def look(self, who: Session) -> list[TokenOut]:
        """The tokens that reach into the areas of who asks."""
        async with self._database.read() as session:
            found = await store.load_all(session, self._clock.wall_now())
        return [_out(made) for made in found if _is_near(who, _grants(made[0]))]

    async def make(self, who: Session, wanted: TokenIn) -> MadeOut:
        """A token for a machine. Raises NotForMachines, BadExpiry and NotAllowed."""
        now, grants = self._clock.wall_now(), [_grant(scope) for scope in wanted.grants]
        _check(who, grants, now, wanted.expires_at)
        token_id = secrets.token_hex(6)
        token = f"{PREFIX}{token_id}_{secrets.token_urlsafe(32)}"
        row = TokenRow(
            id=token_id,
            token_hash=_hash(token),
            name=wanted.name,
            grants=[scope.model_dump(mode="json") for scope in wanted.grants],
            made_at=now,
            expires_at=wanted.expires_at,
        )
        async with self._database.write() as session:
            maker = await _maker(session, who)
            row.person_id = maker.id
            await store.put(session, row, now)
            told = {"who": _name((row, maker)), "grants": _told(grants), "until": _utc(wanted.expires_at)}
            await append(session, self._entry(who, Act.MAKE_TOKEN, token_id, told))
        return MadeOut(**_out((row, maker)).model_dump(), token=token)

    async def end(self, who: Session, token_id: str) -> None:
        """End a token, also on its sockets. Raises NotThere and NotAllowed."""
        async with self._database.write() as session:
            living = await store.load_all(session, self._clock.wall_now())
            made = next((one for one in living if one[0].id == token_id), None)
            if made is None or not _is_near(who, _grants(made[0])):
                raise NotThere(f"there is no token {token_id}")
            if not all(may(who.grants, Right.MANAGE_TOKENS, grant.area) for grant in _grants(made[0])):
                raise NotAllowed("this token reaches outside your areas")
            await store.end(session, token_id)
            await append(session, self._entry(who, Act.END_TOKEN, token_id, {"who": _name(made)}))

    async def _holder(self, token: str) -> tuple[Session | None, TokenRow | None]:
        token_id = token.removeprefix(PREFIX).partition("_")[0]
        async with self._database.read() as session:
            made = await store.find(session, token_id, self._clock.wall_now())
            if made is None or not hmac.compare_digest(made[0].token_hash, _hash(token)):
                return None, None
            return await self._session(session, made), made[0]

    async def _session(self, session: AsyncSession, made: Made) -> Session | None:
        row, maker = made
        if maker.disabled_at is not None or maker.password_until is not None:
            return None
        held = await load_grants(session, maker.id)
        if await lacks_factor(session, maker.id, held, self._strict):
            return None
        grants = within(_grants(row), held)
        return Session(row.token_hash, _name(made), row.name, grants, maker.language, is_machine=True)

    def _entry(self, who: Session, act: Act, target: str, told: dict[str, str]) -> Entry:
        return Entry(self._clock.now(), who.username, act, target, parameters=written(told))


def _check(who: Session, grants: Sequence[Grant], now: datetime, until: datetime) -> None:
    for grant in grants:
        if not_its := sorted(grant.rights & FOR_PEOPLE):
            raise NotForMachines(f"a machine cannot have the right {not_its[0]}")
        if not may_give(who.grants, Right.MANAGE_TOKENS, grant):
            raise NotAllowed(f"you cannot give this over {grant.area}: it is more than you hold there")
    if not now < until <= now + LONGEST:
        raise BadExpiry(f"{until.isoformat()} is not within the next {LONGEST.days} days")


async def _maker(session: AsyncSession, who: Session) -> PersonRow:
    maker = await load_person(session, who.username)
    if maker is None:
        raise NotAllowed("only people make tokens")
    return maker


def _is_near(who: Session, grants: Iterable[Grant]) -> bool:
    return any(reaches(who.grants, Right.MANAGE_TOKENS, grant.area) for grant in grants)


def _grant(scope: Scope) -> Grant:
    return Grant(_ROLE, Area.parse(scope.area), frozenset(scope.rights))


def _grants(row: TokenRow) -> list[Grant]:
    return [_grant(Scope.model_validate(scope)) for scope in row.grants]


def _name(made: Made) -> str:
    """How it stands in the audit log; no person can be called so."""
    row, maker = made
    return f"{maker.username}{OF_MACHINES}{row.name}"


def _out(made: Made) -> TokenOut:
    row, maker = made
    return TokenOut(
        id=row.id,
        name=row.name,
        made_by=maker.username,
        who=_name(made),
        grants=[Scope.model_validate(scope) for scope in row.grants],
        made_at=row.made_at,
        expires_at=row.expires_at,
        last_used_at=row.used_at,
    )


def _told(grants: Iterable[Grant]) -> str:
    return "; ".join(f"{' '.join(sorted(grant.rights))} over {grant.area}" for grant in grants)


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
