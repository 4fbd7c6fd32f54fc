"""Asks the running service as a person would: signed in, over HTTP. Only the service opens the telemetry store."""

import http.client
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_TIMEOUT_S = 60.0
_FILE_TIMEOUT_S = 3_600.0  # a Parquet file begins to come when all of it has been laid down
_PIECE = 1 << 20


class NoAnswer(Exception):
    """The service does not answer, or refuses; says what can be done."""


class Console:
    """One person's session. Made by `signed_in`."""

    def __init__(self, url: str, cookie: str, ca: Path | None = None) -> None:
        self._url, self._cookie, self._ca = url, cookie, ca

    def look(self, path: str) -> Any:
        """What a path answers, as JSON. Raises NoAnswer."""
        with self.answer("GET", path) as answer:
            return json.loads(answer.read())

    def pieces(self, path: str) -> Iterator[bytes]:
        """A file, piece by piece. Raises NoAnswer, also when it breaks off."""
        with self.answer("GET", path, timeout_s=_FILE_TIMEOUT_S) as answer:
            try:
                while piece := answer.read(_PIECE):
                    yield piece
            except http.client.HTTPException as error:
                raise NoAnswer(f"the file broke off: {type(error).__name__}; the service's log says why") from error

    @contextmanager
    def answer(
        self, method: str, path: str, body: str | None = None, timeout_s: float | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        """A good answer. Raises NoAnswer for any other."""
        connection = _connection(self._url, timeout_s or _TIMEOUT_S, self._ca)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json", "Cookie": self._cookie})
            answer = connection.getresponse()
            if answer.status >= http.HTTPStatus.BAD_REQUEST:
                raise NoAnswer(_refusal(answer))
            yield answer
        except OSError as error:
            raise NoAnswer(
                f"nothing answers at {self._url}: {error.strerror or error}\n"
                "is the service running? `haidang cloud` starts it, `python3 dev.py up` the demo; --url says where"
            ) from error
        finally:
            connection.close()


@contextmanager
def signed_in(url: str, username: str, password: str, ca: Path | None = None) -> Iterator[Console]:
    """A session, which is ended afterwards; `ca` is an authority of one's own. Raises NoAnswer."""
    body = json.dumps({"username": username, "password": password})
    with Console(url, "", ca).answer("POST", "/api/v1/session", body) as answer:
        cookie = (answer.getheader("set-cookie") or "").split(";")[0]
    console = Console(url, cookie, ca)
    try:
        yield console
    finally:
        with console.answer("DELETE", "/api/v1/session"):
            pass


def _connection(url: str, timeout_s: float, ca: Path | None) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    host = parts.hostname or "127.0.0.1"
    if parts.scheme != "https":
        return http.client.HTTPConnection(host, parts.port, timeout=timeout_s)
    context = ssl.create_default_context(cafile=ca)
    return http.client.HTTPSConnection(host, parts.port, timeout=timeout_s, context=context)


def _refusal(answer: http.client.HTTPResponse) -> str:
    text = answer.read()
    try:
        return str(json.loads(text)["detail"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"the service answered {answer.status} {answer.reason}"
