"""The session of whoever is asking."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from cloud.people.access import COOKIE, PeoplePart, needs
from cloud.people.rights import Right
from cloud.people.schemas import Credentials, Me
from cloud.people.store import Session

router = APIRouter(prefix="/session", tags=["people"])

Self = Annotated[Session, needs(Right.OWN_SESSION)]


@router.post("")
async def sign_in(credentials: Credentials, request: Request, response: Response, people: PeoplePart) -> Me:
    """Sign in; the session is a cookie."""
    token, who = await people.sign_in(credentials, request.client.host if request.client else "")
    lasts = int(people.session_lasts.total_seconds())
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, token, max_age=lasts, httponly=True, samesite="strict", path="/", secure=secure)
    return me(who)


@router.get("")
async def look(who: Self) -> Me:
    """Who is signed in."""
    return me(who)


@router.delete("", status_code=204)
async def sign_out(who: Self, response: Response, people: PeoplePart) -> None:
    """Sign out."""
    await people.sign_out(who)
    response.delete_cookie(COOKIE, path="/")


def me(who: Session) -> Me:
    """A session as its owner sees it."""
    return Me(
        username=who.username,
        display_name=who.display_name,
        role=who.role,
        rights=sorted(who.rights),
        language="en" if who.language == "en" else "vi",
    )
