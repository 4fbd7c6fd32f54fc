"""Answers that a browser may keep for as long as their name stays the same."""

from starlette.requests import Request
from starlette.responses import Response


def named(request: Request, etag: str, body: bytes, media_type: str, packed: bytes | None = None) -> Response:
    """The body, or 304 for who has it already. `packed` is the same body under gzip."""
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, media_type=media_type, headers={**headers, "Content-Encoding": "gzip"})
    return Response(body, media_type=media_type, headers=headers)
