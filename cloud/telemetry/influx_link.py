"""One InfluxDB server: whole bodies of line protocol go in through influxdb-client, InfluxQL is asked over /query.

The client is used for one body at a time, never for its batching: that forgets what it could not send. It has no
InfluxQL, so questions go over a session of our own, with the same token.
"""

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from influxdb_client.client.influxdb_client_async import InfluxDBClientAsync
from influxdb_client.rest import ApiException

from cloud.telemetry import influx_answers as answers
from cloud.telemetry import influx_refusals as refusals
from cloud.telemetry.influx_answers import Failed, Series
from cloud.telemetry.settings import InfluxDb
from cloud.telemetry.store import StoreAway

_MILLISECONDS: Any = "ms"  # the client's type for it is a class of strings that are no instances of it
_GZIP = 16 + zlib.MAX_WBITS
_FAST = 1  # 13 times smaller already, for 0.1 us a sample
_DONE = (200, 204)
_REFUSED = frozenset({400, 422})
_TOO_LARGE = 413  # also a proxy's word, and then of this body: smaller ones pass
_LONGEST_ADDRESS = 4_000  # of a question; web servers take 8,000
_ROWS_A_PIECE = 20_000
_LONGEST_SAID = 300
_PLAIN = "identity"  # to pack an answer takes a quarter of the server's time for it, and then it has to be unpacked


class Refusal(Exception):
    """The server has the body and does not take all of it."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"{status}: {body[:_LONGEST_SAID]!r}")
        self.body = body


class InfluxLink:
    """Made in a running event loop; `close` lets go of its connections."""

    def __init__(self, settings: InfluxDb, token: str) -> None:
        self._settings = settings
        self._url = settings.url.rstrip("/")
        timeout = aiohttp.ClientTimeout(total=settings.timeout.total_seconds())
        tls = _tls(self._url, settings.ca_file)
        self._client = InfluxDBClientAsync(
            self._url, token, settings.org, timeout=timeout, ssl_context=tls, allow_redirects=False
        )
        self._client.api_client.set_default_header("Content-Encoding", "gzip")  # type: ignore[no-untyped-call]  # theirs
        self._session = aiohttp.ClientSession(
            headers={"Authorization": f"Token {token}", "Accept-Encoding": _PLAIN},
            timeout=timeout,
            connector=aiohttp.TCPConnector(ssl=tls),
        )

    async def write(self, bucket: str, body: bytes) -> None:
        """Lines with times in milliseconds; durable when it returns. Raises StoreAway and Refusal."""
        packed = await asyncio.to_thread(_packed, body)
        async with self._reached():
            try:
                taken = await self._client.write_api().write(bucket, record=packed, write_precision=_MILLISECONDS)
            except ApiException as error:
                raise self._failure(error.status, error.body, bucket) from error
        if not taken:
            raise StoreAway(f"{self._url} answers like no InfluxDB: a write is not answered by 204")

    async def ask(self, bucket: str, statement: str) -> list[Series]:
        """One statement. Raises StoreAway."""
        db, _, policy = bucket.partition("/")
        asked = {"db": db, "q": statement, "epoch": "s", "chunked": "true", "chunk_size": str(_ROWS_A_PIECE)}
        body = await self._get_or_post(asked | ({"rp": policy} if policy else {}), bucket)
        try:
            return await asyncio.to_thread(answers.parse, body)
        except Failed as error:
            advice = self._advice(str(error), bucket)
            raise StoreAway(f"{error}; {advice}" if advice else str(error)) from error

    async def version(self) -> str | None:
        """What the server says that it is."""
        async with self._reached(), self._session.get(f"{self._url}/ping", allow_redirects=False) as answer:
            if answer.status not in _DONE:
                raise self._away(answer.status, await answer.read(), self._settings.bucket)
            return answer.headers.get("X-Influxdb-Version")

    async def close(self) -> None:
        await self._client.close()  # type: ignore[no-untyped-call]  # theirs
        await self._session.close()

    async def _get_or_post(self, asked: Mapping[str, str], bucket: str) -> bytes:
        """GET, as long as the question fits an address."""
        small = sum(map(len, asked.values())) < _LONGEST_ADDRESS
        ways: dict[str, Any] = {"method": "GET", "params": asked} if small else {"method": "POST", "data": asked}
        request = self._session.request(url=f"{self._url}/query", allow_redirects=False, **ways)
        async with self._reached(), request as answer:
            body = await answer.read()
            if answer.status not in _DONE:
                raise self._away(answer.status, body, bucket)
            return body

    @asynccontextmanager
    async def _reached(self) -> AsyncIterator[None]:
        """What goes wrong on the way is told in one form, the same each time, so that it is said once."""
        try:
            yield
        except TimeoutError as error:
            waited = self._settings.timeout.total_seconds()
            raise StoreAway(f"InfluxDB at {self._url} has not answered for {waited:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise StoreAway(f"InfluxDB at {self._url} cannot be reached: {type(error).__name__}") from error

    def _failure(self, status: int, body: bytes, bucket: str) -> Exception:
        refused = status == _TOO_LARGE or (status in _REFUSED and refusals.is_an_engine_s(body))
        return Refusal(status, body) if refused else self._away(status, body, bucket)

    def _away(self, status: int, body: bytes, bucket: str) -> StoreAway:
        text = body.decode(errors="replace").strip()
        said = f"InfluxDB at {self._url} says {status}: {text[:_LONGEST_SAID]}"
        advice = self._advice(said, bucket)
        return StoreAway(f"{said}; {advice}" if advice else said)

    def _advice(self, said: str, bucket: str) -> str | None:
        """What would help, by what the server said."""
        if " says 401" in said or " says 403" in said:
            file = self._settings.token_file
            return f"put a token that may read and write the bucket {bucket} into {file} and start again"
        if "not found" in said:
            return f"make the bucket {bucket}, as docs/influxdb.md says, or mend its name in cloud.yaml"
        return None


def _tls(url: str, ca_file: Path | None) -> ssl.SSLContext:
    """Checked against the machine's authorities, or one's own."""
    if url.startswith("https:"):
        return ssl.create_default_context(cafile=ca_file)
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # not used; reading the machine's authorities takes 20 ms


def _packed(body: bytes) -> bytes:
    press = zlib.compressobj(_FAST, zlib.DEFLATED, _GZIP)
    return press.compress(body) + press.flush()
