"""A forgotten password over HTTP; nobody is signed in here."""

import secrets
from typing import Annotated, Any

from fastapi import Depends, Request, Response

from cloud.doors import doors
from cloud.errors import ErrorOut
from cloud.parts import part
from cloud.people.access import is_over_tls
from cloud.people.devices import give_device, secret_of
from cloud.people.routes import address_of
from cloud.reset.schemas import ResetAsked, ResetIn, ResetTaken
from cloud.reset.service import LASTS, Resets

_REFUSED: dict[int | str, dict[str, Any]] = {status: {"model": ErrorOut} for status in (400, 410)}

router = doors("reset", prefix="/password-reset")

ResetsPart = Annotated[Resets, Depends(part(lambda parts: parts.resets))]


@router.post("", status_code=202, responses={429: {"model": ErrorOut}})
async def ask(asked: ResetAsked, request: Request, resets: ResetsPart) -> ResetTaken:
    """Send a link to the mail address of an account, if there is one. The answer is always the same."""
    resets.ask(asked.username, address_of(request))
    return ResetTaken(lasts_s=int(LASTS.total_seconds()))


@router.put("", status_code=204, responses=_REFUSED)
async def use(given: ResetIn, request: Request, response: Response, resets: ResetsPart) -> None:
    """Take another password with the link's token. Every session of the account ends."""
    seed = secrets.token_urlsafe(32)
    await resets.use(given.token, given.new, address_of(request), secret_of(seed))
    give_device(response, seed, secure=is_over_tls(request))
