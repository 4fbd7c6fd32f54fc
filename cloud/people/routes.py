"""The session of whoever is asking."""

from typing import Annotated

from fastapi import Depends, Request, Response

from cloud.doors import doors
from cloud.errors import ErrorOut
from cloud.fleet.fleet import Fleet
from cloud.parts import part
from cloud.people.access import PeoplePart, Where, cookie_name, is_over_tls, needs
from cloud.people.devices import give_device
from cloud.people.rights import Right, Role
from cloud.people.schemas import GrantOut, Me, MySite, NewPassword
from cloud.people.service import People
from cloud.people.store import Session
from rules.areas import Area

router = doors("people", prefix="/session")

FleetPart = Annotated[Fleet, Depends(part(lambda parts: parts.fleet))]
Self = Annotated[Session, needs(Right.OWN_SESSION, Where.ANYWHERE)]


@router.get("")
async def look(who: Self, fleet: FleetPart) -> Me:
    """Who is signed in."""
    return me(who, fleet)


@router.delete("", status_code=204)
async def sign_out(who: Self, request: Request, response: Response, people: PeoplePart) -> None:
    """Sign out."""
    await people.sign_out(who)
    response.delete_cookie(cookie_name(request), path="/", secure=is_over_tls(request))


@router.put("/password", responses={status: {"model": ErrorOut} for status in (400, 429)})
async def choose_password(given: NewPassword, who: Self, people: PeoplePart, fleet: FleetPart) -> Me:
    """Take another password."""
    return me(await people.choose_password(who, given), fleet)


def address_of(request: Request) -> str:
    """Where a request came from; empty when that cannot be known."""
    return request.client.host if request.client else ""


def give_cookie(request: Request, response: Response, token: str, people: People) -> None:
    """Let a browser hold a session's secret, where no script reads it."""
    lasts = int(people.session_lasts.total_seconds())
    name, secure = cookie_name(request), is_over_tls(request)
    response.set_cookie(name, token, max_age=lasts, httponly=True, samesite="strict", path="/", secure=secure)
    give_device(response, token, secure=secure)


def me(who: Session, fleet: Fleet) -> Me:
    """A session as its owner sees it."""
    rights = {city.site: who.rights(Area(city.site)) for city in fleet.sites.values()}
    seen = [city for city in fleet.sites.values() if Right.VIEW_CITY in rights[city.site]]
    return Me(
        username=who.username,
        display_name=who.display_name,
        role=who.role,
        grants=[GrantOut(role=Role(grant.role), area=str(grant.area)) for grant in who.grants],
        rights=sorted(frozenset().union(*rights.values())),
        sites=[MySite(id=city.site, name=city.name) for city in seen],
        language="en" if who.language == "en" else "vi",
        held_for="password" if who.is_held else "factor" if who.lacks_factor else None,
    )
