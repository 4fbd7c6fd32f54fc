"""What the service refuses, and how it says so.

    Refused
      BadDocument        400
      BadTable           400
      BadPlan            400
      NoSuchArea         400
      TooLong            400
      ShortPassword      400
      NameAsPassword     400
      CommonPassword     400
      NotForMachines     400
      BadExpiry          400
      NotSignedIn        401
      WrongPassword      401
      WrongFactor        401
      TicketGone         401
      NotAllowed         403
      ChoosePassword     403
      TakeFactor         403
      ConfirmFirst       403
      WrongOrigin        403
      NotThere           404
      NameTaken          409
      LastAdministrator  409
      HasFactor          409
      ConsentNeeded      409
      Decided            409
      NoPasskeyHere      409
      ChangedMeanwhile   409
      LinkGone           410
      TooManyTries       429
      Broken             500
      NotReady           503
        NoRegistry       503

A `Refused` becomes {"detail": {"code": ..., "message": ...}}, for a WebSocket as the answer to its handshake. So
does a registry that is away, as NoRegistry.
"""

import json
import logging
import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import ClassVar

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud.database import RegistryAway

log = logging.getLogger(__name__)


class Refused(Exception):
    """A request that is not carried out."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "refused"
    message: ClassVar[str] = "refused"
    headers: Mapping[str, str] = MappingProxyType({})
    facts: Mapping[str, object] = MappingProxyType({})  # beside code and message

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.message)


class BadDocument(Refused):
    """A document that no edge could take; the message says line and key."""

    status, code, message = 400, "bad_document", "this document is not right"


class BadPlan(Refused):
    """A plan under which a city would be dark at dusk, or lit at noon; `findings` says where."""

    status, code, message = 400, "bad_plan", "this plan cannot be carried out"

    def __init__(self, findings: Sequence[Mapping[str, object]]) -> None:
        super().__init__(f"this plan cannot be carried out: {len(findings)} findings")
        self.facts = {"findings": list(findings)}


class BadTable(Refused):
    """An inventory that was not imported; `import` says why, row by row."""

    status, code, message = 400, "bad_table", "nothing was imported"

    def __init__(self, told: Mapping[str, object]) -> None:
        super().__init__(f"nothing was imported: {told['problems_total']} problems")
        self.facts = {"import": told}


class NoSuchArea(Refused):
    """A grant over a ward that this city does not have would open nothing."""

    status, code, message = 400, "no_such_area", "there is no such ward"


class TooLong(Refused):
    """More points than one answer should carry."""

    status, code, message = 400, "too_long", "ask for a shorter time"


class ShortPassword(Refused):
    """A new password that is guessed too soon."""

    status, code, message = 400, "password_short", "this is too short; give 12 characters or more"


class NameAsPassword(Refused):
    """A new password that is tried first of all."""

    status, code, message = 400, "password_name", "this is the user name; choose another password"


class CommonPassword(Refused):
    """A new password that everybody tries."""

    status, code, message = 400, "password_common", "this is tried first by whoever guesses; choose another password"


class NotForMachines(Refused):
    """What only people may do."""

    status, code, message = 400, "not_for_machines", "a machine cannot have this right"


class BadExpiry(Refused):
    """A token that is good for too long, or is over before it is made."""

    status, code, message = 400, "bad_expiry", "a token is good for 400 days at the most"


class NotSignedIn(Refused):
    """No session, or one that has ended."""

    status, code, message = 401, "not_signed_in", "sign in first"


class WrongPassword(Refused):
    """The same answer for a wrong name and a wrong password."""

    status, code, message = 401, "wrong_password", "user name or password is wrong"


class WrongFactor(Refused):
    """A code or a passkey that is not this person's, or was used before."""

    status, code, message = 401, "wrong_factor", "this code or passkey does not fit, or was used before"


class TicketGone(Refused):
    """Half-way in for too long, with too many tries, or twice."""

    status, code, message = 401, "ticket_gone", "this has taken too long or too many tries; begin anew"


class NotAllowed(Refused):
    """Signed in, but without the right."""

    status, code, message = 403, "not_allowed", "your role does not have this right"


class ChoosePassword(Refused):
    """Signed in with a password for once."""

    status, code, message = 403, "choose_password", "choose a password of your own first"


class TakeFactor(Refused):
    """Signed in with a role that must have a second factor, and without one."""

    status, code, message = 403, "take_factor", "your role must have a second factor; take one in your account first"


class ConfirmFirst(Refused):
    """Signed in, but for this one proves oneself once more; who has a second factor, with one."""

    status, code, message = 403, "confirm_first", "confirm that it is you, with your second factor if you have one"


class WrongOrigin(Refused):
    """A page of another site tried to act in the user's name."""

    status, code, message = 403, "wrong_origin", "this request does not come from the console"


class NotThere(Refused):
    """Nothing has this id."""

    status, code, message = 404, "not_found", "there is nothing with this id"


class NameTaken(Refused):
    """Two people cannot sign in under one name."""

    status, code, message = 409, "name_taken", "somebody has this user name"


class LastAdministrator(Refused):
    """Nobody could let people in any more."""

    status, code, message = 409, "last_administrator", "the city needs one administrator who may sign in"


class HasFactor(Refused):
    """There is one authenticator app for a person."""

    status, code, message = 409, "has_factor", "you have an authenticator app already; remove it first"


class NoPasskeyHere(Refused):
    """A browser hands a passkey to the pages of one host, over HTTPS."""

    status, code, message = 409, "no_passkey_here", "passkeys work at the console's own address, over HTTPS"


class LinkGone(Refused):
    """A link to another password that was used, is too old, or never was."""

    status, code, message = 410, "link_gone", "this link was used or is too old; ask for another"


class ConsentNeeded(Refused):
    """So many lamps take more than has come; `needs` says what."""

    status, code = 409, "consent"

    def __init__(self, needs: Sequence[str], lamps: int) -> None:
        super().__init__(f"with this, {lamps} lamps count together: what is missing is {', '.join(needs)}")
        self.facts = {"needs": list(needs), "lamps": lamps}


class Decided(Refused):
    """Somebody else was faster, or nobody was."""

    status, code, message = 409, "decided", "this is no longer to be decided"


class ChangedMeanwhile(Refused):
    """What somebody looked at is not what stands there now."""

    status, code, message = 409, "changed_meanwhile", "this has changed meanwhile; look at it again"


class TooManyTries(Refused):
    """Guessing is slowed down."""

    status, code, message = 429, "too_many_tries", "too many failed log-ins; wait a few minutes"

    def __init__(self, wait_s: float = 60.0) -> None:
        super().__init__(f"too many tries; wait {math.ceil(wait_s)} s")
        self.headers = {"Retry-After": str(math.ceil(wait_s))}


class Broken(Refused):
    """A mistake of ours; the log has it, and nobody else."""

    status, code, message = 500, "broken", "the service has made a mistake; its log says more"


class NotReady(Refused):
    """Something that the answer needs is not there."""

    status, code, message = 503, "not_ready", "not ready yet"


class NoRegistry(NotReady):
    """PostgreSQL does not answer."""

    code, message = "registry_away", "the registry does not answer; try again"


class ErrorDetail(BaseModel):
    code: str
    message: str


class ErrorOut(BaseModel):
    detail: ErrorDetail


def in_one_line(error: BaseException) -> str:
    """What an error says first; a database's own goes on with the statement and a link."""
    return str(error).partition("\n")[0] or type(error).__name__


def answer_refusals(app: FastAPI) -> None:
    """Turn every Refused of an app, what the framework itself refuses, and an absent registry into the same JSON."""
    app.add_exception_handler(Refused, _answer)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(RegistryAway, _answer_away)


def as_json(error: Refused) -> JSONResponse:
    """The answer to a refused request."""
    answer = _json(error.status, error.code, str(error), error.facts)
    answer.headers.update(error.headers)
    return answer


def as_json_of(error: HTTPException) -> JSONResponse:
    """The answer to what the framework refuses."""
    words = HTTPStatus(error.status_code).phrase
    answer = _json(error.status_code, words.lower().replace(" ", "_"), str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


_NO_FACTS: Mapping[str, object] = MappingProxyType({})


def _json(status: int, code: str, message: str, facts: Mapping[str, object] = _NO_FACTS) -> JSONResponse:
    detail = ErrorDetail(code=code, message=message).model_dump()
    return JSONResponse({"detail": {**detail, **facts}}, status_code=status)


class AnswerMistakes:
    """ASGI middleware under which a mistake of ours is an answer like any other, before the server logs it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on. What was raised is raised again."""
        begun = False

        async def send_and_remember(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_and_remember)
        except Exception:
            if scope["type"] == "http" and not begun:
                await as_json(Broken())(scope, receive, send)
            raise


async def _answer(_connection: HTTPConnection, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)  # noqa: S101 - registered for nothing else; for mypy
    return as_json(error)


async def _answer_http(_connection: HTTPConnection, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else; for mypy
    return as_json_of(error)


async def _answer_invalid(_connection: HTTPConnection, error: Exception) -> Response:
    """FastAPI's own form without what was sent: a password is not repeated, and half a letter breaks no answer."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else; for mypy
    told = [{key: problem[key] for key in ("type", "loc", "msg")} for problem in error.errors()]
    return Response(json.dumps({"detail": told}), 422, media_type="application/json")  # every letter as ASCII


async def _answer_away(_connection: HTTPConnection, error: Exception) -> JSONResponse:
    log.warning("no connection to the registry: %s", in_one_line(error))
    return as_json(NoRegistry())
