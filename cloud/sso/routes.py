"""To the provider and back. Both are navigations of a browser, which is always sent on to a page."""

from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.responses import RedirectResponse

from cloud.doors import doors
from cloud.parts import part
from cloud.people.access import PeoplePart, SettingsPart, cookie_name, is_over_tls
from cloud.people.routes import address_of, give_cookie
from cloud.settings import Settings
from cloud.sso.flow import Flow
from cloud.sso.service import Refusal, Return, SignOns

COOKIE = "haidang_sign_on"
_LASTS_S = 600  # for typing a password, and a code, at the provider

router = doors("sign_on", prefix="/session/sign-on", refuses=(404,))

SignOnsPart = Annotated[SignOns, Depends(part(lambda parts: parts.sign_ons))]
Said = Annotated[str | None, Query()]


@router.get("/{provider}", status_code=302, response_class=RedirectResponse)
async def begin(provider: str, request: Request, sign_ons: SignOnsPart, settings: SettingsPart) -> RedirectResponse:
    """Send the browser to a provider."""
    try:
        place, flow = await sign_ons.begin(provider, _back(request, settings, provider))
    except Refusal as refused:
        return _refused(refused)
    answer = RedirectResponse(place, 302)
    _keep(request, answer, flow)
    return answer


@router.get("/{provider}/return", status_code=302, response_class=RedirectResponse)
async def finish(
    provider: str,
    request: Request,
    sign_ons: SignOnsPart,
    people: PeoplePart,
    settings: SettingsPart,
    code: Said = None,
    state: Said = None,
    error: Said = None,
    iss: Said = None,
) -> RedirectResponse:
    """Take the browser back from a provider, with a session if it has brought a proof."""
    flow = Flow(provider, request.cookies.get(cookie_name(request, COOKIE), ""))
    said = Return(code, state, error, iss, _back(request, settings, provider))
    try:
        token, _ = await sign_ons.finish(flow, said, address_of(request))
    except Refusal as refused:
        answer = _refused(refused)
    else:
        answer = RedirectResponse("/", 302)
        give_cookie(request, answer, token, people)
    answer.delete_cookie(cookie_name(request, COOKIE), path="/", secure=is_over_tls(request), samesite="lax")
    return answer


def _back(request: Request, settings: Settings, provider: str) -> str:
    """Where the provider sends the browser: where it is now, unless the settings say how people reach the console."""
    return f"{settings.console_url or request.base_url}".rstrip("/") + f"/api/v1/session/sign-on/{provider}/return"


def _keep(request: Request, answer: RedirectResponse, flow: Flow) -> None:
    """Lax, and not strict: the browser comes back from another site. It is good for nothing but this."""
    name, secure = cookie_name(request, COOKIE), is_over_tls(request)
    answer.set_cookie(name, flow.secret, max_age=_LASTS_S, httponly=True, samesite="lax", path="/", secure=secure)


def _refused(refused: Refusal) -> RedirectResponse:
    return RedirectResponse(f"/?refused={refused.reason}", 302)
