"""The ways in, over HTTP."""

from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.responses import JSONResponse

from cloud.doors import doors
from cloud.errors import ErrorOut, NoPasskeyHere
from cloud.factors.party import Party, party_of
from cloud.factors.schemas import (
    CodeIn,
    ConfirmationOut,
    ConfirmIn,
    FactorWanted,
    PasskeyIn,
    PasskeyOptions,
    PasskeyWanted,
    WaysOut,
)
from cloud.factors.sign_in import Opened, SignIn
from cloud.factors.step_up import StepUp
from cloud.parts import part
from cloud.people.access import PeoplePart, SettingsPart
from cloud.people.routes import FleetPart, Self, address_of, give_cookie, me
from cloud.people.schemas import Credentials, Me
from cloud.reset.routes import ResetsPart
from cloud.sso.routes import SignOnsPart

SLOWED: dict[int | str, dict[str, Any]] = {429: {"model": ErrorOut}}

NOT_HERE: dict[int | str, dict[str, Any]] = {409: {"model": ErrorOut}}

router = doors("session", prefix="/session")

SignInPart = Annotated[SignIn, Depends(part(lambda parts: parts.sign_in))]
StepUpPart = Annotated[StepUp, Depends(part(lambda parts: parts.step_up))]


class Door:
    """Hands a browser the session that was opened for it."""

    def __init__(self, request: Request, response: Response, people: PeoplePart, fleet: FleetPart) -> None:
        self._request, self._response, self._people, self._fleet = request, response, people, fleet
        self.address = address_of(request)

    def let_in(self, opened: Opened) -> Me:
        """Who is in now."""
        token, who = opened
        give_cookie(self._request, self._response, token, self._people)
        return me(who, self._fleet)


DoorPart = Annotated[Door, Depends()]


def party_here(request: Request, settings: SettingsPart) -> Party | None:
    """For which address passkeys are, where this was asked; `None` where they are for none."""
    return party_of(settings.console_url, request.url.scheme, request.headers.get("host", ""))


def _party(party: Annotated[Party | None, Depends(party_here)]) -> Party:
    if party is None:
        raise NoPasskeyHere
    return party


PartyPart = Annotated[Party, Depends(_party)]


@router.get("/ways")
async def ways(
    sign_ons: SignOnsPart, resets: ResetsPart, party: Annotated[Party | None, Depends(party_here)]
) -> WaysOut:
    """How one may come in here."""
    return WaysOut(password=True, passkey=party is not None, reset=resets.is_there, sign_on=sign_ons.ways)


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


@router.post("/passkey/options", responses=NOT_HERE)
async def passkey_options(given: PasskeyWanted, signing_in: SignInPart, party: PartyPart) -> PasskeyOptions:
    """What a browser signs with a passkey."""
    return await signing_in.passkey_options(given.ticket, party)


@router.post("/passkey", responses={**SLOWED, **NOT_HERE})
async def give_passkey(given: PasskeyIn, signing_in: SignInPart, door: DoorPart, party: PartyPart) -> Me:
    """The second half of the way with a passkey, or the whole way."""
    return door.let_in(await signing_in.by_passkey(given.ticket, given.credential, party, door.address))


@router.post("/confirm", responses={**SLOWED, **NOT_HERE})
async def confirm(
    given: ConfirmIn,
    who: Self,
    step_up: StepUpPart,
    request: Request,
    party: Annotated[Party | None, Depends(party_here)],
) -> ConfirmationOut:
    """Prove oneself once more, for what asks for a `confirmation`."""
    address = address_of(request)
    if given.password is not None:
        ticket = await step_up.by_password(who, given.password, address)
    elif given.code is not None:
        ticket = await step_up.by_code(who, given.code, address)
    else:
        assert given.credential is not None and given.ticket is not None  # noqa: S101, PT018 - as ConfirmIn promises
        ticket = await step_up.by_passkey(who, given.ticket, given.credential, _party(party), address)
    return ConfirmationOut(confirmation=ticket.secret, expires_at=ticket.expires_at)
