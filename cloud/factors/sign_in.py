"""The log-in: a password, and where somebody has a second factor, that too. Nothing opens before both are right.

Between the two steps there is a ticket. It is good for a few minutes, for one person, for one log-in and for a few
tries, and no longer when that person's password has been changed meanwhile.
"""

from dataclasses import dataclass
from datetime import timedelta

from cloud.errors import TicketGone, WrongFactor
from cloud.factors import ceremony
from cloud.factors.challenges import Challenges
from cloud.factors.party import Party
from cloud.factors.passkeys import Passkeys
from cloud.factors.schemas import Assertion, FactorWanted, PasskeyOptions
from cloud.factors.service import Factors, kind_of
from cloud.factors.tickets import Ticket, Tickets
from cloud.people.schemas import Credentials
from cloud.people.service import People
from cloud.people.store import Session
from cloud.people.tables import PersonRow

LASTS = timedelta(minutes=5)  # of wall time
TRIES = 5

Opened = tuple[str, Session]  # the secret of a new session, and whose it is


@dataclass(slots=True)
class _Waiting:
    """For a second factor; what the password was when it was right."""

    password_hash: str
    tries: int = 0


class SignIn:
    """Lets people in."""

    def __init__(self, people: People, factors: Factors, passkeys: Passkeys, challenges: Challenges) -> None:
        self._people, self._factors, self._passkeys, self._challenges = people, factors, passkeys, challenges
        self._tickets = Tickets[_Waiting](people.clock.wall, LASTS)

    async def by_password(self, given: Credentials, address: str) -> Opened | FactorWanted:
        """The new session, or the second half of the way. Raises WrongPassword and TooManyTries."""
        person = await self._people.check_password(given, address)
        kinds = (await self._factors.held(person.id)).kinds
        if kinds:
            ticket = self._tickets.give(person.username, _Waiting(person.password_hash))
            return FactorWanted.model_validate(
                {"ticket": ticket.secret, "factors": kinds, "expires_at": ticket.expires_at}
            )
        return await self._open(person, address, "password")

    async def by_code(self, secret: str, code: str, address: str) -> Opened:
        """The new session. Raises TicketGone, WrongFactor and TooManyTries."""
        ticket, person = await self._waiting(secret, address)
        kind = kind_of(code)
        if not await self._factors.use_code(person.id, code):
            await self._refuse(ticket, address, kind)
        return await self._end(ticket, person, address, kind)

    async def passkey_options(self, secret: str | None, party: Party) -> PasskeyOptions:
        """What a browser signs: for who is half-way in with one of his keys, else with any key. Raises TicketGone."""
        if secret is None:
            given = self._challenges.give()
            return PasskeyOptions(ticket=given, options=ceremony.options_to_sign(party, given, ()))
        ticket = self._tickets.look(secret)
        person = await self._people.find(ticket.owner) if ticket else None
        if person is None:
            raise TicketGone
        known = [row.credential_id for row in (await self._factors.held(person.id)).passkeys]
        return PasskeyOptions(ticket=secret, options=ceremony.options_to_sign(party, secret, known))

    async def by_passkey(self, secret: str, given: Assertion, party: Party, address: str) -> Opened:
        """The new session, with the ticket of the first step or without any. Raises as `by_code` does."""
        if not self._challenges.is_good(secret):
            ticket, person = await self._waiting(secret, address)
            wrong = await self._passkeys.use(person.id, secret, given, party)
            if wrong:
                await self._refuse(ticket, address, wrong)
            return await self._end(ticket, person, address, "passkey")
        owner = await self._passkeys.owner(given)
        username = owner.username if owner else ""
        self._people.count_try(username, address)
        wrong = await self._passkeys.use(owner.id, secret, given, party) if owner else "passkey"
        if wrong or owner is None or not self._people.may_come(owner) or not self._challenges.use(secret):
            await self._people.note_failure(username, address, wrong or "passkey")
            raise WrongFactor
        return await self._open(owner, address, "passkey")

    async def _waiting(self, secret: str, address: str) -> tuple[Ticket[_Waiting], PersonRow]:
        """Who is half-way in; one more try is counted."""
        ticket = self._tickets.look(secret)
        if ticket is None:
            raise TicketGone
        self._people.count_try(ticket.owner, address)
        person = await self._people.find(ticket.owner)
        if person is None or not self._people.may_come(person) or person.password_hash != ticket.what.password_hash:
            self._tickets.take(secret)
            raise TicketGone
        return ticket, person

    async def _refuse(self, ticket: Ticket[_Waiting], address: str, kind: str) -> None:
        ticket.what.tries += 1
        if ticket.what.tries >= TRIES:
            self._tickets.take(ticket.secret)
        await self._people.note_failure(ticket.owner, address, kind)
        raise WrongFactor

    async def _end(self, ticket: Ticket[_Waiting], person: PersonRow, address: str, kind: str) -> Opened:
        if self._tickets.take(ticket.secret) is None:  # two of them at once
            raise TicketGone
        self._people.forgive(person.username, address)  # the password was a try, too
        return await self._open(person, address, f"password+{kind}")

    async def _open(self, person: PersonRow, address: str, how: str) -> Opened:
        self._people.forgive(person.username, address)
        return await self._people.open(person, address, how)
