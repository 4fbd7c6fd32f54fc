"""What is said of commands to the cloud: at once of a single one, some together of many."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from edge_agent.database import Act, together
from edge_agent.outbox import Outbox
from protocols import wire
from protocols.commands import Answer
from protocols.topics import Stream

_GATHER_S = 0.2  # wall time: a fade takes longer, and a person does not see the difference


@dataclass(slots=True)
class _Round:
    """Answers that will be said together, what is written with them, and when that is done."""

    answers: list[Answer] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Replies:
    """When one of its methods returns, the answer is on the disk together with what was to be written with it."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._round: _Round | None = None

    async def say(self, answers: Sequence[Answer], also: Act) -> None:
        """At once."""
        await self._outbox.append(Stream.EVENT, wire.encode_answers(answers), also)

    async def say_soon(self, answer: Answer, also: Act) -> None:
        """Together with what others say soon: who comes first waits a moment for them, and says it."""
        if self._round is not None:
            mine = self._round
            mine.answers.append(answer)
            mine.acts.append(also)
            return await asyncio.shield(mine.done)
        self._round = _Round([answer], [also])
        return await self._lead(self._round)

    async def _lead(self, mine: _Round) -> None:
        try:
            try:
                await asyncio.sleep(_GATHER_S)
            finally:
                self._round = None
            await self.say(mine.answers, together(mine.acts))
        except Exception as error:
            mine.done.set_exception(error)
            mine.done.exception()  # there may be nobody else
            raise
        except asyncio.CancelledError:
            mine.done.cancel()
            raise
        mine.done.set_result(None)
