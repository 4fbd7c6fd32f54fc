"""How much one request may send, whether or not it says so beforehand."""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud.errors import as_json_of


class TooLarge(HTTPException):
    """A body that is longer than any that a route takes. FastAPI lets an HTTPException of a body through."""

    def __init__(self, most: int) -> None:
        super().__init__(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body may have {most:,} bytes")


class ShortBodies:
    """ASGI middleware that refuses a body before it fills the memory."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app, self._most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse."""
        if scope["type"] == "http" and _announced(scope) > self._most:
            await as_json_of(TooLarge(self._most))(scope, receive, send)
        else:
            await self._app(scope, self._counted(receive), send)

    def _counted(self, receive: Receive) -> Receive:
        total = 0

        async def receive_so_much() -> Message:
            nonlocal total
            message = await receive()
            if message["type"] == "http.request":
                total += len(message.get("body", b""))
                if total > self._most:
                    raise TooLarge(self._most)
            return message

        return receive_so_much


def _announced(scope: Scope) -> int:
    """What the request says of its length; the server has refused what is no number."""
    said = Headers(scope=scope).get("content-length", "")
    return int(said) if said.isascii() and said.isdecimal() else 0
