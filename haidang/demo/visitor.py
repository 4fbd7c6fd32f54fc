"""Looks at the running console as a person would, to see whether the city is alive."""

import asyncio
import http.client
import json
import ssl
from pathlib import Path

_TIMEOUT_S = 5.0


class Visitor:
    """Logs in once with the generated administrator and asks for the overview."""

    def __init__(self, port: int, data: Path, ca: Path | None = None) -> None:
        self._port, self._tls = port, ssl.create_default_context(cafile=ca) if ca else None
        self._password = data / "secrets" / "admin"
        self._cookie: str | None = None

    async def reported(self) -> int | None:
        """How many lamps have said something; `None` while the cloud does not answer."""
        try:
            return await asyncio.to_thread(self._reported)
        except (OSError, http.client.HTTPException, ValueError, KeyError):
            return None

    def _reported(self) -> int:
        if self._cookie is None:
            self._cookie = self._log_in()
        lamps = json.loads(self._ask("GET", "/api/v1/overview")[1])["lamps"]
        return int(lamps["total"]) - int(lamps["unknown"])

    def _log_in(self) -> str:
        body = json.dumps({"username": "admin", "password": self._password.read_text().strip()})
        answer, _ = self._ask("POST", "/api/v1/session", body)
        if answer.status != http.HTTPStatus.OK:
            raise ValueError(f"log-in refused: {answer.status}")
        return (answer.getheader("set-cookie") or "").split(";")[0]

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[http.client.HTTPResponse, bytes]:
        connection = self._connection()
        try:
            headers = {"Content-Type": "application/json", "Cookie": self._cookie or ""}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self._tls is None:
            return http.client.HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT_S)
        return http.client.HTTPSConnection("127.0.0.1", self._port, timeout=_TIMEOUT_S, context=self._tls)
