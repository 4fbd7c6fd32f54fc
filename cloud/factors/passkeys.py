"""People's passkeys: making one, coming in with it, giving it away."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.audit.chain import Act
from cloud.database import Database
from cloud.errors import HasFactor, NotThere, TicketGone, WrongFactor
from cloud.factors import ceremony, recovery, store
from cloud.factors.ceremony import NewKey
from cloud.factors.party import Party
from cloud.factors.schemas import Assertion, Attestation
from cloud.factors.service import Factors
from cloud.factors.tables import PasskeyRow
from cloud.factors.tickets import Tickets
from cloud.people.store import Session
from cloud.people.tables import PersonRow
from protocols.clock import DomainClock

MOST = 20  # of one person
LASTS = timedelta(minutes=5)  # of wall time, for making one

COPIED = "passkey whose counter went back"  # there may be a copy of it


class Passkeys:
    """The passkeys of a city's people."""

    def __init__(self, database: Database, clock: DomainClock, factors: Factors) -> None:
        self._database, self._clock, self._factors = database, clock, factors
        self._making = Tickets[int](clock.wall, LASTS)

    async def offer(self, who: Session, confirmation: str, party: Party) -> tuple[str, Mapping[str, Any]]:
        """A ticket, and what a browser makes a new key from. Raises ConfirmFirst and HasFactor."""
        async with self._database.read() as session:
            person = await self._factors.confirmed(session, who, confirmation)
            known = [row.credential_id for row in (await store.load_held(session, person.id)).passkeys]
        if len(known) >= MOST:
            raise HasFactor(f"you have {MOST} passkeys; remove one first")
        ticket = self._making.give(who.token_hash, person.id).secret
        name = (person.username, person.display_name)
        return ticket, ceremony.options_to_make(party, ticket, person.id, name, known)

    async def add(
        self, who: Session, secret: str, name: str, given: Attestation, party: Party
    ) -> tuple[PasskeyRow, list[str] | None]:
        """Keep a new key; who has no recovery codes gets some. Raises TicketGone, WrongFactor and HasFactor."""
        ticket = self._making.take(secret)
        if ticket is None or ticket.owner != who.token_hash:
            raise TicketGone
        key = ceremony.made(party, secret, given.as_sent())
        if key is None:
            raise WrongFactor
        async with self._database.write() as session:
            row = await self._keep(session, ticket.what, name, key)
            codes = await self._first_codes(session, ticket.what)
            await self._factors.note(session, who, Act.ADD_FACTOR, f"passkey {row.id}")
        return row, codes

    async def remove(self, who: Session, passkey_id: str, confirmation: str) -> None:
        """Let nobody in with a key any more. Raises ConfirmFirst and NotThere."""
        async with self._database.write() as session:
            person = await self._factors.confirmed(session, who, confirmation)
            row = await session.get(PasskeyRow, passkey_id)
            if row is None or row.person_id != person.id:
                raise NotThere(f"you have no passkey {passkey_id}")
            await session.delete(row)
            await session.flush()
            await store.forget_useless(session, person.id)
            await self._factors.note(session, who, Act.REMOVE_FACTOR, f"passkey {passkey_id}")

    async def owner(self, given: Assertion) -> PersonRow | None:
        """Whose key an answer says that it was signed with."""
        async with self._database.read() as session:
            row = await session.get(PasskeyRow, _id_of(given.raw_id))
            return await session.get(PersonRow, row.person_id) if row else None

    async def use(self, person_id: int, ticket: str, given: Assertion, party: Party) -> str | None:
        """What was wrong with an answer that should be this person's; `None` when it is right. That is remembered."""
        async with self._database.write() as session:
            row = await session.get(PasskeyRow, _id_of(given.raw_id))
            if row is None or row.person_id != person_id or not ceremony.is_of(person_id, given.response.user_handle):
                return "passkey"
            count = ceremony.signed(party, ticket, given.as_sent(), row.public_key)
            if count is None:
                return "passkey"
            if count <= row.sign_count and (count or row.sign_count):  # 0 for ever: a key that does not count
                return COPIED
            row.sign_count, row.used_at = count, self._clock.wall_now()
        return None

    async def _keep(self, session: AsyncSession, person_id: int, name: str, key: NewKey) -> PasskeyRow:
        row = PasskeyRow(
            id=_id_of(key.credential_id),
            person_id=person_id,
            credential_id=key.credential_id,
            public_key=key.public_key,
            sign_count=key.sign_count,
            name=name,
            added_at=self._clock.wall_now(),
        )
        if await session.get(PasskeyRow, row.id):
            raise HasFactor("this passkey is there already")
        session.add(row)
        await session.flush()
        return row

    async def _first_codes(self, session: AsyncSession, person_id: int) -> list[str] | None:
        if (await store.load_held(session, person_id)).recovery_left:
            return None
        codes = recovery.new_codes()
        await store.put_recovery(session, person_id, map(recovery.hash_of, codes))
        return codes


def _id_of(credential_id: str) -> str:
    return hashlib.sha256(credential_id.encode()).hexdigest()[:32]
