"""A provider as we see it: its addresses, its keys, its tokens. The one file that knows Authlib, httpx2 and joserfc."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from httpx2 import HTTPError, InvalidURL
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, Key, import_key
from pydantic import ValidationError

from cloud.sso.errors import NotProved, ProviderAway, UnknownKey
from cloud.sso.flow import Flow
from cloud.sso.schemas import Discovery, Proof
from cloud.sso.settings import SignOn

ALGORITHMS = ("RS256", "PS256", "ES256")  # the key that verifies is public, and must never be one that signs (HS256)
_SCOPES = {"preferred_username": "openid profile", "email": "openid email"}
_PATIENCE_S = 10.0  # for all questions of one step together
_LEEWAY_S = 60  # between the provider's clock and ours
_AGAIN_S = 5.0  # while a provider is away it is asked no more often, whoever comes
_KEPT_S = 3600.0  # what was discovered, while no key is missing


@dataclass(frozen=True, slots=True)
class _Known:
    """What was asked of the provider, and when (wall time, seconds)."""

    document: Discovery
    keys: Mapping[str | None, Key]
    at: float


class Provider:
    """One provider. `wall` gives Unix seconds. Raises OSError for a secret or an authority that cannot be read."""

    def __init__(self, settings: SignOn, wall: Callable[[], float]) -> None:
        self.settings, self._wall = settings, wall
        self._secret = settings.client_secret_file.read_text("utf-8").strip()
        self._tls = _tls(settings)
        self._known: _Known | None = None
        self._turn = asyncio.Lock()
        self._away_until = 0.0

    async def start(self, flow: Flow, back: str) -> str:
        """Where to send the browser, which comes back to `back`. Raises ProviderAway."""
        async with self._client(back) as client:
            document = (await self._discovered(client)).document
            place = document.authorization_endpoint
            url, _ = client.create_authorization_url(place, flow.state, flow.verifier, nonce=flow.nonce)
            return str(url)

    async def finish(self, flow: Flow, code: str, back: str) -> Proof:
        """Who stands behind a code. Raises ProviderAway and NotProved."""
        async with self._client(back) as client:
            known = await self._discovered(client)
            token = await _tokens(client, known.document, flow, code)
            try:
                return self._checked(token, known, flow)
            except UnknownKey:
                return self._checked(token, await self._asked(client), flow)

    async def _discovered(self, client: AsyncOAuth2Client) -> _Known:
        """Nobody has to sign in to ask for it: all who wait for a provider wait for one answer."""
        async with self._turn:
            known = self._known
            if known and self._wall() < known.at + _KEPT_S:
                return known
            if 0 < self._away_until - self._wall() <= _AGAIN_S:  # and not for long, when the clock was set back
                raise ProviderAway(f"{self.settings.issuer} did not answer a moment ago")
            try:
                return await self._asked(client)
            except BaseException:  # also when its time is up
                self._away_until = self._wall() + _AGAIN_S
                raise

    async def _asked(self, client: AsyncOAuth2Client) -> _Known:
        """The document and the keys as they are now."""
        place = f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            document = Discovery.model_validate(await _json(client, place))
        except ValidationError as error:
            raise ProviderAway(f"{place}: {error}") from error
        if document.issuer != self.settings.issuer:
            raise ProviderAway(f"{place} is of {document.issuer!r}, and not of {self.settings.issuer!r}")
        keys = _keys(await _json(client, document.jwks_uri))
        self._known = _Known(document, keys, self._wall())
        return self._known

    def _checked(self, token: Mapping[str, Any], known: _Known, flow: Flow) -> Proof:
        """OpenID Connect Core 1.0, 3.1.3.7."""
        ours = self.settings.client_id
        expected = {
            "iss": {"essential": True, "value": self.settings.issuer},
            "aud": {"essential": True, "value": ours},
        }
        sent = {"nonce": flow.nonce, "client_id": ours, "access_token": token.get("access_token")}
        try:
            said = jwt.decode(str(token.get("id_token")), _chosen(known.keys), algorithms=ALGORITHMS)
            claims = CodeIDToken(said.claims, said.header, expected, sent)
            claims.validate(int(self._wall()), _LEEWAY_S)
            return Proof.model_validate(claims)
        except (JoseError, ValueError, TypeError) as error:  # a ValidationError of pydantic is a ValueError
            raise NotProved(f"id_token: {error}") from error

    @asynccontextmanager
    async def _client(self, back: str) -> AsyncIterator[AsyncOAuth2Client]:
        client = AsyncOAuth2Client(
            self.settings.client_id,
            self._secret,
            scope=_SCOPES[self.settings.claim],
            redirect_uri=back,
            code_challenge_method="S256",
            verify=self._tls,
            follow_redirects=False,
        )
        try:
            async with asyncio.timeout(_PATIENCE_S), client:
                yield client
        except (HTTPError, InvalidURL, OSError, TimeoutError) as error:
            raise ProviderAway(f"{self.settings.issuer}: {type(error).__name__} {error}") from error


async def _tokens(client: AsyncOAuth2Client, document: Discovery, flow: Flow, code: str) -> Mapping[str, Any]:
    """Gives the code and the verifier for tokens. A code that was used is refused by the provider."""
    client.token_endpoint_auth_method = document.way_to_authenticate
    try:
        answer: Mapping[str, Any] = await client.fetch_token(
            document.token_endpoint, grant_type="authorization_code", code=code, code_verifier=flow.verifier
        )
    except OAuthError as error:
        raise NotProved(f"the provider refuses the code: {error.error}") from error
    except ValueError as error:
        raise ProviderAway(str(error)) from error
    return answer


async def _json(client: AsyncOAuth2Client, place: str) -> Any:
    answer = await client.request("GET", place, withhold_token=True)
    answer.raise_for_status()
    try:
        return answer.json()
    except ValueError as error:
        raise ProviderAway(f"{place} says no JSON") from error


def _keys(said: Any) -> Mapping[str | None, Key]:
    """By their names; those of kinds that we do not know are left out."""
    listed = said.get("keys") if isinstance(said, dict) else None
    found: dict[str | None, Key] = {}
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and one.get("use", "sig") == "sig" and one.get("kty") in ("RSA", "EC"):
            try:
                found[one.get("kid")] = import_key(one)
            except (JoseError, ValueError, TypeError, KeyError) as error:
                raise ProviderAway(f"a key of the provider cannot be read: {error}") from error
    return found


def _chosen(keys: Mapping[str | None, Key]) -> Callable[[GuestProtocol], Key]:
    """The key that a token names. One without a name fits only when there is no choice."""

    def choose(token: GuestProtocol) -> Key:
        name = token.headers().get("kid")
        key = next(iter(keys.values())) if name is None and len(keys) == 1 else keys.get(name)
        if key is None:
            raise UnknownKey(f"there is no key {name!r}")
        return key

    return choose


def _tls(settings: SignOn) -> ssl.SSLContext:
    """Checked against the machine's authorities, or one's own."""
    if settings.issuer.startswith("https:"):
        return ssl.create_default_context(cafile=settings.ca_file)
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # not used; reading the machine's authorities takes 20 ms
