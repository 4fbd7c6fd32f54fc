"""The request that is being answered, and where it comes from.

A context variable, and no argument through every service: so no act can forget to say it, and what the service does by
itself has none.
"""

from contextvars import ContextVar

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

_LONGEST = 64  # an IPv6 address with its zone has 45 and the zone's name

_request: ContextVar[HTTPConnection | None] = ContextVar("the request that is being answered", default=None)


def request() -> HTTPConnection | None:
    """The request, or the handshake of a WebSocket; `None` outside of one."""
    return _request.get()


def address() -> str | None:
    """The client's address, as the proxy of the settings tells it; `None` outside of a request."""
    asked = _request.get()
    return asked.client.host[:_LONGEST] if asked and asked.client else None


class Asking:
    """ASGI middleware that remembers a request for as long as it is answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on."""
        token = _request.set(HTTPConnection(scope) if scope["type"] in ("http", "websocket") else None)
        try:
            await self._app(scope, receive, send)
        finally:
            _request.reset(token)
