"""Who is asking, and may they? Every route that is not public declares the right it needs."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from fastapi.params import Depends as Dependency
from starlette.requests import HTTPConnection

from cloud.errors import NotAllowed, NotSignedIn
from cloud.parts import part
from cloud.people.rights import Right
from cloud.people.service import People
from cloud.people.store import Session

COOKIE = "haidang_session"

PeoplePart = Annotated[People, Depends(part(lambda parts: parts.people))]


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets through who has a right, and says who it is."""

    right: Right

    async def __call__(self, connection: HTTPConnection, people: PeoplePart) -> Session:
        """The session of who asks. Raises NotSignedIn and NotAllowed."""
        token = connection.cookies.get(COOKIE)
        session = await people.session(token) if token else None
        if session is None:
            raise NotSignedIn
        if self.right not in session.rights:
            raise NotAllowed(f"this needs the right {self.right}")
        return session


def needs(right: Right) -> Dependency:
    """Declare on a route what it takes: `who: Annotated[Session, needs(Right.VIEW_CITY)]`."""
    dependency: Dependency = Depends(Gate(right))
    return dependency
