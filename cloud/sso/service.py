"""Signing on: from the provider's word to a person of ours and a session.

A provider says who somebody is, and nothing about what he may do: people stand in our directory before, with grants of
ours. The first time, a person is found by the name that the provider gives; after that the account itself is known, and
whoever gets the same name there later is somebody else.
"""

import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.audit.chain import Act, Entry, written
from cloud.audit.store import append, write_down
from cloud.errors import NotThere, TicketGone, TooManyTries
from cloud.factors.schemas import SignOnName, SignOnWay
from cloud.people.devices import network_of
from cloud.people.limiter import Bucket, Kind
from cloud.people.service import People, canonical
from cloud.people.store import Session, load_person, put_password
from cloud.people.tables import PersonRow
from cloud.sso import store
from cloud.sso.errors import NotProved, ProviderAway
from cloud.sso.flow import Flow
from cloud.sso.schemas import Proof
from cloud.sso.settings import SignOn
from cloud.sso.tables import IdentityRow

if TYPE_CHECKING:
    from cloud.sso.provider import Provider

_LONGEST = 300  # characters of what is written down
_LONGEST_NAME = 200

log = logging.getLogger(__name__)


class Reason(StrEnum):
    """Why somebody is not signed on, as the log-in page is told."""

    AWAY = "away"  # the provider does not answer
    UNKNOWN = "unknown"  # we do not know this person, or let him in no longer
    FAILED = "failed"  # declined, too late, or not for this browser
    SLOWED = "slowed"  # too many tries from one network


class Refusal(Exception):
    """Nobody is signed on. `who` is the name that the provider gave, `why` is for the audit log."""

    def __init__(self, reason: Reason, why: str, who: str = "") -> None:
        super().__init__(why)
        self.reason, self.why, self.who = reason, why, who


@dataclass(frozen=True, slots=True)
class Return:
    """What a browser brings back from a provider, and where it was to come back to."""

    code: str | None
    state: str | None
    error: str | None
    issuer: str | None  # RFC 9207; providers that say it say it always
    back: str


class SignOns:
    """Every provider of the settings."""

    def __init__(self, people: People, providers: "Mapping[str, Provider]") -> None:
        self._people, self._providers = people, providers

    @property
    def ways(self) -> list[SignOnWay]:
        """The buttons of the log-in page."""
        names = {name: one.settings.name for name, one in self._providers.items()}
        return [SignOnWay(id=name, name=SignOnName(vi=shown.vi, en=shown.en)) for name, shown in names.items()]

    async def begin(self, provider: str, back: str) -> tuple[str, Flow]:
        """Where a browser goes, and what it is to keep meanwhile. Raises NotThere and Refusal."""
        flow = Flow(provider, secrets.token_urlsafe(32))
        try:
            return await self._provider(provider).start(flow, back), flow
        except ProviderAway as error:
            log.warning("nobody signs on by %s: %s", provider, error)
            raise Refusal(Reason.AWAY, str(error)) from error

    async def finish(self, flow: Flow, said: Return, address: str) -> tuple[str, Session]:
        """A new session and its secret. Raises NotThere and Refusal, which is written down."""
        provider = self._provider(flow.provider)
        try:
            self._count(address)
            proof = await self._proof(provider, flow, said)
            person = await self._person(provider.settings, proof)
            return await self._open(person, f"sign-on by {flow.provider}", address)
        except Refusal as refused:
            await self._write_down(flow.provider, refused, address)
            raise

    async def _open(self, person: PersonRow, how: str, address: str) -> tuple[str, Session]:
        try:
            return await self._people.open(person, address, how)
        except TicketGone as error:
            raise Refusal(Reason.FAILED, "the account has changed meanwhile", person.username) from error

    def _count(self, address: str) -> None:
        try:
            self._people.guard.take(Bucket(Kind.SIGN_ON, network_of(address)))
        except TooManyTries as error:
            raise Refusal(Reason.SLOWED, str(error)) from error

    async def _proof(self, provider: "Provider", flow: Flow, said: Return) -> Proof:
        if said.state is None or not flow.is_mine(said.state):
            raise Refusal(Reason.FAILED, "this is not the browser that was sent away")
        if said.issuer not in (None, provider.settings.issuer):
            raise Refusal(Reason.FAILED, "this is the answer of another provider")
        if said.code is None:
            raise Refusal(Reason.FAILED, f"the provider says {said.error or 'nothing'}")
        try:
            return await provider.finish(flow, said.code, said.back)
        except NotProved as error:
            raise Refusal(Reason.FAILED, str(error)) from error
        except ProviderAway as error:
            log.warning("nobody signs on by %s: %s", flow.provider, error)
            raise Refusal(Reason.AWAY, str(error)) from error

    async def _person(self, settings: SignOn, proof: Proof) -> PersonRow:
        """Who that is here. Raises Refusal."""
        async with self._people.database.write() as session:
            person = await store.find_linked(session, settings.issuer, proof.sub)
            if person is None:
                person = await self._first_time(session, settings, proof)
            if person.disabled_at is not None:
                raise Refusal(Reason.UNKNOWN, "this person is shut out", person.username)
        return await self._without_one_time_password(person) if person.password_until else person

    async def _first_time(self, session: AsyncSession, settings: SignOn, proof: Proof) -> PersonRow:
        """The person with the name that the provider gives, whose account is known from now on."""
        name = proof.name(settings.claim)
        if name is None:
            raise Refusal(Reason.UNKNOWN, f"there is no {settings.claim}, or it is not verified", proof.email or "")
        person = await _named(session, settings, name)
        if person is None:
            raise Refusal(Reason.UNKNOWN, "nobody has this name here", name)
        if await store.has_account(session, settings.issuer, person.id):
            raise Refusal(Reason.UNKNOWN, "this person has another account there", name)
        now = self._people.clock.wall_now()
        session.add(IdentityRow(issuer=settings.issuer, subject=proof.sub, person_id=person.id, linked_at=now))
        told = written({"provider": settings.id, "issuer": settings.issuer, "subject": proof.sub})
        await append(
            session, Entry(self._people.clock.now(), person.username, Act.LINK, person.username, parameters=told)
        )
        return person

    async def _without_one_time_password(self, person: PersonRow) -> PersonRow:
        """Who signs on needs no password that he was given; it ends, and holds nobody up to choose another."""
        nobody_s = await self._people.passwords.hash(secrets.token_urlsafe())
        async with self._people.database.write() as session:
            await put_password(session, person.id, nobody_s)
            return await session.get_one(PersonRow, person.id)

    async def _write_down(self, provider: str, refused: Refusal, address: str) -> None:
        """As a log-in that failed; an attack does not fill the log."""
        if refused.reason is Reason.SLOWED or not self._people.guard.may_tell():
            return
        told = written({"how": f"sign-on by {provider}", "why": refused.why[:_LONGEST]})
        who = canonical(refused.who)[:_LONGEST_NAME]
        entry = Entry(self._people.clock.now(), who, Act.LOG_IN_FAILED, address, result="refused", parameters=told)
        await write_down(self._people.database, entry)

    def _provider(self, name: str) -> "Provider":
        if name not in self._providers:
            raise NotThere("there is no such way to sign on")
        return self._providers[name]


def sign_ons(people: People, wanted: Sequence[SignOn]) -> SignOns:
    """The providers of the settings. Raises OSError for a file that cannot be read."""
    if not wanted:
        return SignOns(people, {})
    from cloud.sso.provider import Provider  # its libraries take 150 ms to load, and few services need them

    return SignOns(people, {one.id: Provider(one, people.clock.wall) for one in wanted})


async def _named(session: AsyncSession, settings: SignOn, name: str) -> PersonRow | None:
    """By user name, or by an address that one person alone has."""
    if settings.claim == "email":
        return await store.find_by_email(session, canonical(name))
    return await load_person(session, canonical(name))
