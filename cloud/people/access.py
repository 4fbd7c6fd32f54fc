"""Who is asking, and may they? Every route that is not public declares the right it needs, and over how much.

What lies outside somebody's areas is answered like what is not there (404): ids are easy to guess, and whoever has no
business in a ward need not learn what stands in it. Who sees a thing and may not touch it is told so (403).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from fastapi import Depends
from fastapi.params import Depends as Dependency
from starlette.requests import HTTPConnection

from cloud.errors import ChoosePassword, NotAllowed, NotSignedIn, TakeFactor
from cloud.parts import part
from cloud.people.rights import Right
from cloud.people.service import People
from cloud.people.store import Session
from cloud.settings import Settings
from cloud.tokens.bearer import bearer_of
from cloud.tokens.service import Tokens
from rules.areas import PROVINCE, Area, may_all, reaches

COOKIE = "haidang_session"
UNATTENDED = "haidang-unattended"  # a header, whatever its value
_OVER_TLS = "__Host-"  # no other host may set a cookie of that name, and no page without TLS

SettingsPart = Annotated[Settings, Depends(part(lambda parts: parts.settings))]
PeoplePart = Annotated[People, Depends(part(lambda parts: parts.people))]
TokensPart = Annotated[Tokens, Depends(part(lambda parts: parts.tokens))]


class Where(StrEnum):
    """Over how much a right has to be held."""

    PART = "a part of the city"  # the route shows and touches no more than that part: see cloud/fleet/access.py
    CITY = "the whole city"  # with several cities in one service, all of them: log and store are one for all
    ANYWHERE = "anywhere"  # what has no place, and people, whose areas the service itself compares


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets through who has a right, and says who it is."""

    right: Right
    where: Where = Where.PART

    async def __call__(
        self, connection: HTTPConnection, people: PeoplePart, tokens: TokensPart, settings: SettingsPart
    ) -> Session:
        """The session of who asks. Raises NotSignedIn, ChoosePassword, TakeFactor and NotAllowed."""
        session = await _session(connection, people, tokens)
        if session is None:
            raise NotSignedIn
        if session.is_held and self.right is not Right.OWN_SESSION:
            raise ChoosePassword
        if session.lacks_factor and self.right is not Right.OWN_SESSION:
            raise TakeFactor
        if not self._opens(session, [Area(site.id) for site in settings.sites]):
            raise NotAllowed(f"this needs the right {self.right} over {self.where}")
        return session

    def _opens(self, session: Session, cities: Sequence[Area]) -> bool:
        if self.where is Where.CITY:
            return may_all(session.grants, self.right, cities)
        near = cities if self.where is Where.PART else [PROVINCE]
        return any(reaches(session.grants, self.right, area) for area in near)


async def _session(connection: HTTPConnection, people: People, tokens: Tokens) -> Session | None:
    """A person's by the cookie, or a machine's by the token. Who shows both is a mistake, and is nobody."""
    cookie, token = connection.cookies.get(cookie_name(connection)), bearer_of(connection.headers)
    if cookie is not None and token is not None:
        raise NotSignedIn("show the cookie of a session or the token of a machine, not both")
    if token is not None:
        return await tokens.session(token)
    return await people.session(cookie, acts=_acts(connection)) if cookie else None


def _acts(connection: HTTPConnection) -> bool:
    """True for what somebody does. A session is idle all the same when a socket opens, and when the console asks by
    itself while nobody is there."""
    return connection.scope["type"] == "http" and UNATTENDED not in connection.headers


def is_over_tls(connection: HTTPConnection) -> bool:
    """True when a browser asks over HTTPS, be it of a proxy of the settings."""
    return connection.scope["scheme"] in ("https", "wss")


def cookie_name(connection: HTTPConnection, name: str = COOKIE) -> str:
    """The one name under which a cookie is given to this browser and believed from it."""
    return f"{_OVER_TLS}{name}" if is_over_tls(connection) else name


def needs(right: Right, where: Where = Where.PART) -> Dependency:
    """Declare on a route what it takes: `who: Annotated[Session, needs(Right.VIEW_CITY)]`."""
    dependency: Dependency = Depends(Gate(right, where))
    return dependency
