"""Only the console's own pages may act in a user's name.

A browser sends Origin with every unsafe request and every WebSocket handshake, and Sec-Fetch-Site with every request.
Neither header means that no browser is asking, so nobody's cookie can be abused. Nor can it where a machine shows its
token: no browser adds that by itself, and with a cookie beside it no door opens.
"""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from cloud.errors import WrongOrigin, as_json
from cloud.tokens.bearer import bearer_of

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class OwnPagesOnly:
    """ASGI middleware that refuses unsafe requests and WebSockets of other sites."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse."""
        headers = Headers(scope=scope) if _acts(scope) else None
        if headers is not None and bearer_of(headers) is None and not is_own(headers):
            await as_json(WrongOrigin())(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def is_own(headers: Headers) -> bool:
    """True when these headers can only come from our own pages, or from no browser at all."""
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if origin is not None and origin.partition("://")[2] != headers.get("host"):
        return False
    return site in (None, "same-origin", "none")


def _acts(scope: Scope) -> bool:
    return scope["type"] == "websocket" or (scope["type"] == "http" and scope["method"] not in _SAFE)
