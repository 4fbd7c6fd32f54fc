"""Where the request comes from that is being answered.

A context variable, and no argument through every service: so no act can forget to say it, and what the service does by
itself has none.
"""

from contextvars import ContextVar

from starlette.types import ASGIApp, Receive, Scope, Send

_LONGEST = 64  # an IPv6 address with its zone has 45 and the zone's name

_address: ContextVar[str | None] = ContextVar("address of who is asking", default=None)


def address() -> str | None:
    """The client's address, as the proxy of the settings tells it; `None` outside of a request."""
    return _address.get()


class Asking:
    """ASGI middleware that remembers the client's address for as long as its request is answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on."""
        client = scope.get("client")
        token = _address.set(str(client[0])[:_LONGEST] if client else None)
        try:
            await self._app(scope, receive, send)
        finally:
            _address.reset(token)
