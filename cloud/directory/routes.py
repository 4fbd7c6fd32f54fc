"""People and their sessions over HTTP, for who is responsible for them."""

from typing import Annotated

from fastapi import Depends

from cloud.directory.schemas import EmailIn, GrantsIn, InvitedOut, OpenSessionOut, PersonIn, PersonOut, StandingIn
from cloud.directory.service import Directory
from cloud.doors import doors
from cloud.parts import part
from cloud.people.access import Where, needs
from cloud.people.rights import Right
from cloud.people.store import Session
from protocols.names import Words

router = doors("directory", refuses=(400, 404, 409))

DirectoryPart = Annotated[Directory, Depends(part(lambda parts: parts.directory))]
Looker = Annotated[Session, needs(Right.VIEW_PEOPLE, Where.ANYWHERE)]
Keeper = Annotated[Session, needs(Right.MANAGE_PEOPLE, Where.ANYWHERE)]
Lead = Annotated[Session, needs(Right.END_SESSION, Where.ANYWHERE)]


@router.get("/people")
async def look(who: Looker, directory: DirectoryPart) -> list[PersonOut]:
    """Who may do anything in my areas."""
    return await directory.people(who)


@router.post("/people", status_code=201)
async def invite(wanted: PersonIn, who: Keeper, directory: DirectoryPart) -> InvitedOut:
    """Let somebody in, with a password for once."""
    return await directory.invite(who, wanted)


@router.put("/people/{username}/grants")
async def grant(username: Words, wanted: GrantsIn, who: Keeper, directory: DirectoryPart) -> PersonOut:
    """Give somebody other roles or areas."""
    return await directory.grant(who, username, wanted.grants)


@router.put("/people/{username}/standing")
async def stand(username: Words, wanted: StandingIn, who: Keeper, directory: DirectoryPart) -> PersonOut:
    """Let somebody in no longer, or again."""
    return await directory.stand(who, username, disabled=wanted.disabled)


@router.put("/people/{username}/email")
async def write_to(username: Words, wanted: EmailIn, who: Keeper, directory: DirectoryPart) -> PersonOut:
    """Send links for a forgotten password there."""
    return await directory.write_to(who, username, wanted.email)


@router.post("/people/{username}/password")
async def give_password(username: Words, who: Keeper, directory: DirectoryPart) -> InvitedOut:
    """Give somebody a password for once, as to somebody new; every session ends."""
    return await directory.give_password(who, username)


@router.post("/people/{username}/factors/forget", status_code=204)
async def forget_factors(username: Words, who: Keeper, directory: DirectoryPart) -> None:
    """Let somebody begin anew who has lost every second factor."""
    await directory.forget_factors(who, username)


@router.delete("/people/{username}/sessions", status_code=204)
async def end_all(username: Words, who: Lead, directory: DirectoryPart) -> None:
    """End every session of somebody."""
    await directory.end_all(who, username)


@router.get("/sessions")
async def sessions(who: Lead, directory: DirectoryPart) -> list[OpenSessionOut]:
    """Who is signed in."""
    return await directory.sessions(who)


@router.delete("/sessions/{session_id}", status_code=204)
async def end(session_id: str, who: Lead, directory: DirectoryPart) -> None:
    """End one session."""
    await directory.end(who, session_id)
