"""How much one request may send, whether or not it says so beforehand."""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud.errors import as_json_of

NO_LARGER: Mapping[str, int] = MappingProxyType({})


class TooLarge(HTTPException):
    """A body that is longer than any that a route takes. FastAPI lets an HTTPException of a body through."""

    def __init__(self, most: int) -> None:
        super().__init__(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body may have {most:,} bytes")


class ShortBodies:
    """ASGI middleware that refuses a body before it fills the memory."""

    def __init__(self, app: ASGIApp, most: int, larger: Mapping[str, int] = NO_LARGER) -> None:
        """`larger` is what may be sent to the paths that begin like this."""
        self._app, self._most, self._larger = app, most, larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse."""
        most = self._most_at(scope.get("path", ""))
        if scope["type"] == "http" and _announced(scope) > most:
            await as_json_of(TooLarge(most))(scope, receive, send)
        else:
            await self._app(scope, self._counted(receive, most), send)

    def _most_at(self, path: str) -> int:
        return next((most for begin, most in self._larger.items() if path.startswith(begin)), self._most)

    def _counted(self, receive: Receive, most: int) -> Receive:
        total = 0

        async def receive_so_much() -> Message:
            nonlocal total
            message = await receive()
            if message["type"] == "http.request":
                total += len(message.get("body", b""))
                if total > most:
                    raise TooLarge(most)
            return message

        return receive_so_much


def _announced(scope: Scope) -> int:
    """What the request says of its length; the server has refused what is no number."""
    said = Headers(scope=scope).get("content-length", "")
    return int(said) if said.isascii() and said.isdecimal() else 0
