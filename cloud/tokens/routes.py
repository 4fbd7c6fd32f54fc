"""Tokens of machines over HTTP, for who is responsible for them."""

from typing import Annotated

from fastapi import Depends

from cloud.doors import doors
from cloud.errors import ErrorOut
from cloud.parts import part
from cloud.people.access import Where, needs
from cloud.people.rights import Right
from cloud.people.store import Session
from cloud.tokens.schemas import MadeOut, TokenIn, TokenOut
from cloud.tokens.service import Tokens
from protocols.names import Words

router = doors("tokens", prefix="/tokens")

TokensPart = Annotated[Tokens, Depends(part(lambda parts: parts.tokens))]
Keeper = Annotated[Session, needs(Right.MANAGE_TOKENS, Where.ANYWHERE)]


@router.get("")
async def look(who: Keeper, tokens: TokensPart) -> list[TokenOut]:
    """The machines that may ask for anything in my areas."""
    return await tokens.look(who)


@router.post("", status_code=201, responses={400: {"model": ErrorOut}})
async def make(wanted: TokenIn, who: Keeper, tokens: TokensPart) -> MadeOut:
    """Let a machine ask in my name, for no more than this and no more than I may at that time."""
    return await tokens.make(who, wanted)


@router.delete("/{token_id}", status_code=204, responses={404: {"model": ErrorOut}})
async def end(token_id: Words, who: Keeper, tokens: TokensPart) -> None:
    """End a token."""
    await tokens.end(who, token_id)
