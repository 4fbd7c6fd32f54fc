"""A session that has ended closes its sockets, within a second."""

import asyncio
from collections.abc import Sequence

from cloud.database import left_out_while_away
from cloud.live.hub import SIGNED_OUT, Hub
from cloud.people.service import People
from cloud.tokens.service import Tokens

_LOOK_EVERY_S = 0.5


async def close_ended(people: People, tokens: Tokens, hubs: Sequence[Hub]) -> None:
    """One look at everybody who listens."""
    listeners = [listener for hub in hubs for listener in hub]
    if not listeners:
        return
    spoke = [listener.session for listener in listeners if listener.has_spoken()]
    sessions = [listener.session for listener in listeners]
    living = await people.living(sessions, spoke) | await tokens.living(sessions)
    for listener in listeners:
        if listener.session.token_hash not in living:
            listener.close(SIGNED_OUT, "signed out")


async def watch_sessions(people: People, tokens: Tokens, hubs: Sequence[Hub]) -> None:
    """Look for as long as the service runs."""
    while True:
        with left_out_while_away("sessions"):
            await close_ended(people, tokens, hubs)
        await asyncio.sleep(_LOOK_EVERY_S)
