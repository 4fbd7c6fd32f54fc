"""Who is signed in proves himself once more, and gets a confirmation for it."""

from cloud.audit.chain import Act, Entry, written
from cloud.audit.store import write_down
from cloud.errors import TicketGone, WrongFactor, WrongPassword
from cloud.factors.challenges import Challenges
from cloud.factors.confirmations import Confirmations
from cloud.factors.party import Party
from cloud.factors.passkeys import Passkeys
from cloud.factors.schemas import Assertion
from cloud.factors.service import Factors, kind_of
from cloud.factors.tickets import Ticket
from cloud.people.service import People
from cloud.people.store import Session


class StepUp:
    """Gives confirmations."""

    def __init__(
        self,
        people: People,
        factors: Factors,
        passkeys: Passkeys,
        challenges: Challenges,
        confirmations: Confirmations,
    ) -> None:
        self._people, self._factors, self._passkeys = people, factors, passkeys
        self._challenges, self._confirmations = challenges, confirmations

    async def by_password(self, who: Session, password: str, address: str) -> Ticket[str]:
        """A confirmation. Raises WrongPassword and TooManyTries."""
        self._people.count_try(who.username, address)
        person = await self._people.find(who.username)
        if not await self._people.passwords.fits(person.password_hash if person else None, password):
            await self._note(who, "password", "refused")
            raise WrongPassword("the password is wrong")
        return await self._confirm(who, "password", address)

    async def by_code(self, who: Session, code: str, address: str) -> Ticket[str]:
        """A confirmation. Raises WrongFactor and TooManyTries."""
        self._people.count_try(who.username, address)
        person, kind = await self._people.find(who.username), kind_of(code)
        if person is None or not await self._factors.use_code(person.id, code):
            await self._note(who, kind, "refused")
            raise WrongFactor
        return await self._confirm(who, kind, address)

    async def by_passkey(self, who: Session, ticket: str, given: Assertion, party: Party, address: str) -> Ticket[str]:
        """A confirmation. Raises TicketGone, WrongFactor and TooManyTries."""
        if not self._challenges.is_good(ticket):
            raise TicketGone
        self._people.count_try(who.username, address)
        person = await self._people.find(who.username)
        wrong = await self._passkeys.use(person.id, ticket, given, party) if person else "passkey"
        if wrong or not self._challenges.use(ticket):
            await self._note(who, wrong or "passkey", "refused")
            raise WrongFactor
        return await self._confirm(who, "passkey", address)

    async def _confirm(self, who: Session, how: str, address: str) -> Ticket[str]:
        self._people.give_back(who.username, address)
        await self._note(who, how, "ok")
        return self._confirmations.give(who, how)

    async def _note(self, who: Session, how: str, result: str) -> None:
        told = written({"how": how})
        entry = Entry(self._people.clock.now(), who.username, Act.CONFIRM, who.username, result=result, parameters=told)
        await write_down(self._people.database, entry)
