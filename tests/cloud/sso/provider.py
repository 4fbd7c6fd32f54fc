"""A small OpenID provider on loopback: discovery, a page to choose who one is, tokens and keys, over real HTTP.

It signs with RS256 and asks for PKCE. A test may spoil what it says: other claims, another header, another key.
"""

import asyncio
import base64
import hashlib
import html
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from cloud.main import answer, listening
from cloud.settings import Address

CLIENT_ID = "haidang"
Claims = dict[str, Any]


@cache
def signing_key(name: str) -> RSAKey:
    """One key of a name for all tests of a process: making one takes a tenth of a second."""
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"})


def signed(claims: Claims, key: RSAKey) -> str:
    """What the provider says when nobody spoils it."""
    return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)


@dataclass(slots=True)
class Provider:
    """The provider's knobs. `accounts` are the claims of everybody who may sign on, by the name on the button."""

    accounts: Mapping[str, Claims]
    issuer: str = ""
    now: Callable[[], float] = time.time
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    key: RSAKey = field(default_factory=lambda: signing_key("first"))
    sign: Callable[[Claims, RSAKey], str] = signed
    spoil: Callable[[Claims], Claims] = lambda claims: claims
    broken: set[str] = field(default_factory=set)  # endpoints that answer 500
    asked: list[str] = field(default_factory=list)  # endpoints, in the order in which they were asked
    codes: dict[str, Claims] = field(default_factory=dict)

    def settings(self, folder: Path, **more: object) -> dict[str, object]:
        """What cloud.yaml says of it; the secret lies in a folder."""
        file = folder / "province.secret"
        file.write_text(self.secret + "\n")
        known: dict[str, object] = {
            "id": "province",
            "name": {"vi": "Tài khoản tỉnh", "en": "Province account"},
            "issuer": self.issuer,
            "client_id": CLIENT_ID,
            "client_secret_file": file,
        }
        return {**known, **more}

    def discover(self, _request: Request) -> Response:
        """RFC 8414, OpenID Connect Discovery 1.0."""
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )

    async def authorize(self, request: Request) -> Response:
        """A button for everybody; the click is the log-in."""
        asked = dict(request.query_params)
        if not {"code_challenge", "state", "nonce", "redirect_uri"} <= asked.keys():
            return Response("something is missing", 400)
        if request.method == "GET":
            return HTMLResponse(self._page())
        said = dict(parse_qsl((await request.body()).decode()))
        return RedirectResponse(self._back(asked, said), 303)

    async def token(self, request: Request) -> Response:
        """A code is good once, for who has the secret and the verifier."""
        said = dict(parse_qsl((await request.body()).decode()))
        kept = self.codes.pop(said.get("code", ""), None)
        if not self._knows(request):
            return JSONResponse({"error": "invalid_client"}, 401)
        if kept is None or _challenge(said.get("code_verifier", "")) != kept.pop("code_challenge"):
            return JSONResponse({"error": "invalid_grant"}, 400)
        if said.get("redirect_uri") != kept.pop("redirect_uri"):
            return JSONResponse({"error": "invalid_grant"}, 400)
        id_token = self.sign(self.spoil(kept), self.key)
        return JSONResponse({"access_token": secrets.token_urlsafe(), "token_type": "Bearer", "id_token": id_token})

    def jwks(self, _request: Request) -> Response:
        """The public half of the present key."""
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    def _page(self) -> str:
        buttons = "".join(
            f'<button name="account" value="{html.escape(name)}">{html.escape(name)}</button>' for name in self.accounts
        )
        decline = '<button name="decline" value="yes">Cancel</button>'
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Province</title></head>'
            f'<body><h1>Who are you?</h1><form method="post">{buttons}{decline}</form></body></html>'
        )

    def _back(self, asked: Mapping[str, str], said: Mapping[str, str]) -> str:
        told = {"state": asked["state"], "iss": self.issuer}
        if said.get("account") in self.accounts:
            told["code"] = self._code(asked, self.accounts[said["account"]])
        else:
            told["error"] = "access_denied"
        return f"{asked['redirect_uri']}?{urlencode(told)}"

    def _code(self, asked: Mapping[str, str], account: Claims) -> str:
        code, now = secrets.token_urlsafe(), int(self.now())
        known: Claims = {"iss": self.issuer, "aud": asked["client_id"], "iat": now, "exp": now + 300}
        known |= {"nonce": asked["nonce"], **account}
        self.codes[code] = {**known, **{name: asked[name] for name in ("code_challenge", "redirect_uri")}}
        return code

    def _knows(self, request: Request) -> bool:
        said = base64.b64decode(request.headers.get("authorization", "").removeprefix("Basic ")).decode()
        name, _, secret = said.partition(":")
        return (unquote(name), unquote(secret)) == (CLIENT_ID, self.secret)


def application(provider: Provider) -> Starlette:
    """The provider over ASGI."""

    def kept(name: str, endpoint: Callable[[Request], Any]) -> Callable[[Request], Any]:
        async def ask(request: Request) -> Response:
            provider.asked.append(name)
            if name in provider.broken:
                return Response("down", 500)
            found = endpoint(request)
            done: Response = await found if asyncio.iscoroutine(found) else found
            return done

        return ask

    return Starlette(
        routes=[
            Route("/.well-known/openid-configuration", kept("discover", provider.discover)),
            Route("/authorize", kept("authorize", provider.authorize), methods=["GET", "POST"]),
            Route("/token", kept("token", provider.token), methods=["POST"]),
            Route("/jwks", kept("jwks", provider.jwks)),
        ]
    )


@asynccontextmanager
async def providing(accounts: Mapping[str, Claims]) -> AsyncIterator[Provider]:
    """A provider that answers on a loopback port."""
    provider = Provider(accounts)
    with listening(Address(host="127.0.0.1", port=0)) as door:
        provider.issuer = f"http://127.0.0.1:{door.getsockname()[1]}"
        task = asyncio.create_task(answer(application(provider), door))
        try:
            yield provider
        finally:
            task.cancel()
            await asyncio.wait([task])


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
