"""Gets a document from the cloud's edge API: standard library only, in a thread, with the edge's own token."""

import asyncio
import base64
import http.client
import ssl
from urllib.parse import urlsplit

from edge_agent import secret_files
from edge_agent.mqtt_config import Cloud
from protocols.light import LARGEST

_PATIENCE_S = 5.0  # in a thread that the end of the process has to wait for


async def fetch(cloud: Cloud, edge: str, digest: str) -> bytes:
    """The document with a SHA-256. Raises OSError."""
    return await asyncio.to_thread(_fetch, cloud, edge, digest)


def _fetch(cloud: Cloud, edge: str, digest: str) -> bytes:
    connection = _connection(cloud)
    try:
        headers = {"Authorization": _basic(edge, secret_files.read(cloud.token_file))}
        connection.request(
            "GET", f"{urlsplit(cloud.url).path.rstrip('/')}/api/v1/edge/documents/{digest}", headers=headers
        )
        answer = connection.getresponse()
        body = answer.read(LARGEST + 1)
    except http.client.HTTPException as error:
        raise OSError(f"{cloud.url} does not speak HTTP: {error!r}") from error
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise OSError(f"{cloud.url} answers {answer.status} {answer.reason}")
    if len(body) > LARGEST:
        raise OSError(f"longer than {LARGEST} bytes")
    return body


def _connection(cloud: Cloud) -> http.client.HTTPConnection:
    parts = urlsplit(cloud.url)
    host, port = str(parts.hostname), parts.port
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=_PATIENCE_S)
    context = ssl.create_default_context(cafile=cloud.tls.ca if cloud.tls else None)
    if cloud.tls and cloud.tls.certificate:
        context.load_cert_chain(cloud.tls.certificate, cloud.tls.key)
    return http.client.HTTPSConnection(host, port, timeout=_PATIENCE_S, context=context)


def _basic(edge: str, token: str) -> str:
    return f"Basic {base64.b64encode(f'{edge}:{token}'.encode()).decode()}"
