"""The second factors of people: having them, proving oneself with them, taking and leaving them."""

import re

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.audit.chain import Act, Entry, written
from cloud.audit.store import append
from cloud.database import Database
from cloud.errors import ChoosePassword, ConfirmFirst, HasFactor, NotThere, WrongFactor
from cloud.factors import recovery, store, totp
from cloud.factors.confirmations import Confirmations
from cloud.factors.store import Held
from cloud.factors.vault import Vault
from cloud.people.store import Session, load_self
from cloud.people.tables import PersonRow
from protocols.clock import DomainClock

_SIX_DIGITS = re.compile(r"[0-9]{6}")


def kind_of(code: str) -> str:
    """Which factor a code is meant to be of."""
    return "totp" if _SIX_DIGITS.fullmatch(_bare(code)) else "recovery"


class Factors:
    """What people prove themselves with besides the password."""

    def __init__(
        self, database: Database, clock: DomainClock, vault: Vault, confirmations: Confirmations, issuer: str
    ) -> None:
        self._database, self._clock, self._vault, self._issuer = database, clock, vault, issuer
        self._confirmations = confirmations

    async def held(self, person_id: int) -> Held:
        """What a person has."""
        async with self._database.read() as session:
            return await store.load_held(session, person_id)

    async def use_code(self, person_id: int, code: str) -> bool:
        """True when the code is this person's and was not used before; from now on it was."""
        async with self._database.write() as session:
            if kind_of(code) == "recovery":
                return await store.use_recovery(session, person_id, recovery.hash_of(code))
            row = await store.load_totp(session, person_id)
            secret = self._vault.open(row.sealed) if row and row.since else None
            step = totp.step_of(secret, _bare(code), self._clock.wall()) if secret else None
            return step is not None and await store.use_step(session, person_id, step)

    async def offer_totp(self, who: Session, confirmation: str) -> tuple[str, str]:
        """A secret for an authenticator app and its address; it counts once a code of it was seen.

        Raises ConfirmFirst and HasFactor.
        """
        secret = totp.new_secret()
        async with self._database.write() as session:
            person = await self.confirmed(session, who, confirmation)
            row = await store.load_totp(session, person.id)
            if row and row.since:
                raise HasFactor
            await store.put_totp(session, person.id, self._vault.seal(secret))
        return secret, totp.uri(secret, who.username, self._issuer)

    async def start_totp(self, who: Session, code: str) -> list[str]:
        """From now on a code is asked for; new recovery codes. Raises WrongFactor."""
        codes = recovery.new_codes()
        async with self._database.write() as session:
            person = await load_self(session, who)
            row = await store.load_totp(session, person.id)
            secret = self._vault.open(row.sealed) if row and row.since is None else None
            step = totp.step_of(secret, _bare(code), self._clock.wall()) if secret else None
            if step is None or not await store.use_step(session, person.id, step):
                raise WrongFactor
            await store.start_totp(session, person.id, self._clock.wall_now())
            await store.put_recovery(session, person.id, map(recovery.hash_of, codes))
            await self.note(session, who, Act.ADD_FACTOR, "totp")
        return codes

    async def end_totp(self, who: Session, confirmation: str) -> None:
        """Ask for no more codes. Raises ConfirmFirst."""
        async with self._database.write() as session:
            person = await self.confirmed(session, who, confirmation)
            await store.end_totp(session, person.id)
            await store.forget_useless(session, person.id)
            await self.note(session, who, Act.REMOVE_FACTOR, "totp")

    async def renew_recovery(self, who: Session, confirmation: str) -> list[str]:
        """New recovery codes instead of those that are left. Raises ConfirmFirst and NotThere."""
        codes = recovery.new_codes()
        async with self._database.write() as session:
            person = await self.confirmed(session, who, confirmation)
            if not (await store.load_held(session, person.id)).kinds:
                raise NotThere("you have no second factor to recover from")
            await store.put_recovery(session, person.id, map(recovery.hash_of, codes))
            await self.note(session, who, Act.ADD_FACTOR, "recovery")
        return codes

    async def confirmed(self, session: AsyncSession, who: Session, confirmation: str) -> PersonRow:
        """Who is signed in, and has just proved it; who has a second factor, with one.

        Raises ChoosePassword and ConfirmFirst.
        """
        if who.is_held:
            raise ChoosePassword
        person = await load_self(session, who)
        how = self._confirmations.used(who, confirmation)
        if how is None or (how == "password" and (await store.load_held(session, person.id)).kinds):
            raise ConfirmFirst
        return person

    async def note(self, session: AsyncSession, who: Session, act: Act, factor: str) -> None:
        """Write an act of somebody on his own factors down."""
        entry = Entry(self._clock.now(), who.username, act, who.username, parameters=written({"factor": factor}))
        await append(session, entry)


def _bare(code: str) -> str:
    return "".join(code.split()).replace("-", "")
