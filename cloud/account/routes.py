"""One's own account over HTTP."""

from typing import Annotated

from fastapi import Depends

from cloud.account.schemas import (
    AccountOut,
    Confirmed,
    LanguageIn,
    PasskeyAdded,
    PasskeyNew,
    RecoveryCodes,
    TotpCode,
    TotpOffer,
)
from cloud.account.service import Account, passkey_out
from cloud.doors import doors
from cloud.errors import ErrorOut
from cloud.factors import totp
from cloud.factors.passkeys import Passkeys
from cloud.factors.routes import PartyPart
from cloud.factors.schemas import PasskeyOptions
from cloud.factors.service import Factors
from cloud.parts import part
from cloud.people.routes import FleetPart, Self, me
from cloud.people.schemas import Me
from protocols.names import Id

router = doors("account", prefix="/account")

AccountPart = Annotated[Account, Depends(part(lambda parts: parts.account))]
PasskeysPart = Annotated[Passkeys, Depends(part(lambda parts: parts.passkeys))]
FactorsPart = Annotated[Factors, Depends(part(lambda parts: parts.factors))]


@router.get("")
async def look(who: Self, account: AccountPart) -> AccountOut:
    """Who I am here."""
    return await account.look(who)


@router.post("/totp", responses={409: {"model": ErrorOut}})
async def offer_totp(given: Confirmed, who: Self, factors: FactorsPart) -> TotpOffer:
    """A secret for an authenticator app. It counts from the first code on."""
    secret, uri = await factors.offer_totp(who, given.confirmation)
    return TotpOffer(secret=secret, uri=uri, picture=totp.picture(uri))


@router.put("/totp")
async def start_totp(given: TotpCode, who: Self, factors: FactorsPart) -> RecoveryCodes:
    """Ask me for codes of my authenticator app from now on."""
    return RecoveryCodes(recovery_codes=await factors.start_totp(who, given.code))


@router.delete("/totp", status_code=204)
async def end_totp(given: Confirmed, who: Self, factors: FactorsPart) -> None:
    """Ask me for no more codes."""
    await factors.end_totp(who, given.confirmation)


@router.post("/passkeys/options", responses={409: {"model": ErrorOut}})
async def offer_passkey(given: Confirmed, who: Self, passkeys: PasskeysPart, party: PartyPart) -> PasskeyOptions:
    """What a browser makes a new passkey from."""
    ticket, options = await passkeys.offer(who, given.confirmation, party)
    return PasskeyOptions(ticket=ticket, options=options)


@router.post("/passkeys", status_code=201, responses={409: {"model": ErrorOut}})
async def add_passkey(given: PasskeyNew, who: Self, passkeys: PasskeysPart, party: PartyPart) -> PasskeyAdded:
    """Let me in with this passkey from now on."""
    row, codes = await passkeys.add(who, given.ticket, given.name, given.credential, party)
    return PasskeyAdded(**passkey_out(row).model_dump(), recovery_codes=codes)


@router.delete("/passkeys/{passkey_id}", status_code=204, responses={404: {"model": ErrorOut}})
async def remove_passkey(passkey_id: Id, given: Confirmed, who: Self, passkeys: PasskeysPart) -> None:
    """Let nobody in with this passkey any more."""
    await passkeys.remove(who, passkey_id, given.confirmation)


@router.post("/recovery-codes", responses={404: {"model": ErrorOut}})
async def renew_recovery(given: Confirmed, who: Self, factors: FactorsPart) -> RecoveryCodes:
    """New recovery codes; the old ones open nothing any more."""
    return RecoveryCodes(recovery_codes=await factors.renew_recovery(who, given.confirmation))


@router.delete("/sessions/{session_id}", status_code=204, responses={404: {"model": ErrorOut}})
async def end(session_id: str, who: Self, account: AccountPart) -> None:
    """End one of my sessions."""
    await account.end(who, session_id)


@router.delete("/sessions", status_code=204)
async def end_others(who: Self, account: AccountPart) -> None:
    """End all my other sessions."""
    await account.end_others(who)


@router.put("/language")
async def speak(given: LanguageIn, who: Self, account: AccountPart, fleet: FleetPart) -> Me:
    """Another language."""
    return me(await account.speak(who, given.language), fleet)
