"""The service ends its parts and puts them together anew, in the same process, with what the registry holds by then.

Who is signed in stays so, and nothing is lost: inbox, outboxes and commands are on the disk. Requests wait in the
socket's queue meanwhile; WebSockets close and come again.
"""

import asyncio


class Renewal:
    """Asked for by who has changed what all parts are made from; awaited by who runs them (cloud/main.py)."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()

    @property
    def is_asked(self) -> bool:
        """True when these parts are about to end."""
        return self._asked.is_set()

    def ask(self) -> None:
        """As soon as what is being answered has been answered."""
        self._asked.set()

    async def wait(self) -> None:
        """Until somebody asks."""
        await self._asked.wait()
