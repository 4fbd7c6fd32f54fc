"""The ways in, over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from cloud.errors import ErrorOut
from cloud.factors.schemas import CodeIn, ConfirmationOut, ConfirmIn, FactorWanted, WaysOut
from cloud.factors.sign_in import Opened, SignIn
from cloud.factors.step_up import StepUp
from cloud.parts import part
from cloud.people.access import PeoplePart, SettingsPart
from cloud.people.routes import Self, address_of, give_cookie, me
from cloud.people.schemas import Credentials, Me

SLOWED: dict[int | str, dict[str, Any]] = {429: {"model": ErrorOut}}

router = APIRouter(prefix="/session", tags=["session"])

SignInPart = Annotated[SignIn, Depends(part(lambda parts: parts.sign_in))]
StepUpPart = Annotated[StepUp, Depends(part(lambda parts: parts.step_up))]


class Door:
    """Hands a browser the session that was opened for it."""

    def __init__(self, request: Request, response: Response, people: PeoplePart, settings: SettingsPart) -> None:
        self._request, self._response, self._people, self._site = request, response, people, settings.site
        self.address = address_of(request)

    def let_in(self, opened: Opened) -> Me:
        """Who is in now."""
        token, who = opened
        give_cookie(self._request, self._response, token, self._people)
        return me(who, self._site)


DoorPart = Annotated[Door, Depends()]


@router.get("/ways")
async def ways() -> WaysOut:
    """How one may come in here."""
    return WaysOut(password=True, passkey=False, reset=False, sign_on=[])


@router.post("", response_model=Me, responses={**SLOWED, 202: {"model": FactorWanted}})
async def sign_in(credentials: Credentials, signing_in: SignInPart, door: DoorPart) -> Me | JSONResponse:
    """Sign in; the session is a cookie. Who has a second factor gets a ticket for it first (202)."""
    found = await signing_in.by_password(credentials, door.address)
    if isinstance(found, FactorWanted):
        return JSONResponse(found.model_dump(mode="json"), 202)
    return door.let_in(found)


@router.post("/factor", responses=SLOWED)
async def give_code(given: CodeIn, signing_in: SignInPart, door: DoorPart) -> Me:
    """The second half of the way, with a code."""
    return door.let_in(await signing_in.by_code(given.ticket, given.code, door.address))


@router.post("/confirm", responses=SLOWED)
async def confirm(given: ConfirmIn, who: Self, step_up: StepUpPart, request: Request) -> ConfirmationOut:
    """Prove oneself once more, for what asks for a `confirmation`."""
    address = address_of(request)
    if given.password is not None:
        ticket = await step_up.by_password(who, given.password, address)
    else:
        ticket = await step_up.by_code(who, given.code or "", address)
    return ConfirmationOut(confirmation=ticket.secret, expires_at=ticket.expires_at)
