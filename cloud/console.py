"""The built console: static files under a strict policy, from the package itself."""

from pathlib import Path

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

DIST = Path(__file__).parent / "web" / "dist"

# console.md 2.3: what MapLibre 6 needs, and nothing more.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), geolocation=(self), publickey-credentials-create=(self), "
    "publickey-credentials-get=(self), microphone=(), payment=(), usb=(), serial=(), bluetooth=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
OVER_TLS = {"Strict-Transport-Security": "max-age=31536000"}
_NOT_KEPT = {"Cache-Control": "no-store"}  # unless a route says otherwise: an answer is for who asked
_FOR_EVER = "public, max-age=31536000, immutable"
_NOT_BUILT = """<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><title>Haidang</title></head><body>
<h1>Haidang</h1>
<p lang="vi">Dịch vụ đang chạy, nhưng giao diện chưa được dựng. Hãy chạy <code>python3 dev.py up</code>.</p>
<p lang="en">The service is running, but its console has not been built. Run <code>python3 dev.py up</code>.</p>
</body></html>
"""


class SafeHeaders:
    """ASGI middleware that puts the security headers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and add the headers to what comes back."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = MutableHeaders(scope=message)
                for name, value in _headers(scope).items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _headers(scope: Scope) -> dict[str, str]:
    over_tls = OVER_TLS if scope["scheme"] in ("https", "wss") and not _is_localhost(scope) else {}
    not_kept = _NOT_KEPT if scope["path"].startswith("/api") else {}
    return {**HEADERS, **over_tls, **not_kept}


def _is_localhost(scope: Scope) -> bool:
    """A browser that is told to use TLS for this name does so for all else that is ever tried out on its machine."""
    return Headers(scope=scope).get("host", "").partition(":")[0] == "localhost"


def serve_console(app: FastAPI, dist: Path) -> None:
    """Answer every path outside the API from the built console; unknown ones get its first page."""
    root = dist.resolve()

    async def console(request: Request) -> Response:
        path: str = request.path_params["path"]
        if path.split("/")[0] == "api":
            raise HTTPException(404)
        return _answer(root, path)

    app.add_route("/{path:path}", console, ["GET"])


def _answer(root: Path, path: str) -> Response:
    file = _file(root, path)
    if file is not None:
        hashed = file.parent == root / "assets"
        return FileResponse(file, headers={"Cache-Control": _FOR_EVER if hashed else "no-cache"})
    if path.startswith("assets/"):
        raise HTTPException(404)
    index = root / "index.html"
    if not index.is_file():
        return HTMLResponse(_NOT_BUILT, status_code=503)
    return FileResponse(index, headers={"Cache-Control": "no-cache"})


def _file(root: Path, path: str) -> Path | None:
    """The file of the console that a path names, if it names one."""
    try:
        file = (root / path).resolve()
        return file if file.is_relative_to(root) and file.is_file() else None
    except (OSError, ValueError):  # longer than a name may be, or with a NUL in it
        return None
