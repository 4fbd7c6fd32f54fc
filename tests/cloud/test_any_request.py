"""Whatever is asked of a route within and beside its own description, it answers with what it has described.

An operator of the whole city asks; every operation of the description gets fifty requests or more, in words and numbers
that hypothesis makes up. `HAIDANG_SEED=N` asks the same again; the number stands at the head of every run.
"""

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from cloud.openapi import describe
from cloud.people.access import COOKIE
from cloud.people.rights import Role
from rules.areas import Area
from tests.cloud.cities import small_city, write_city
from tests.cloud.clocks import standing_clock
from tests.cloud.serving import PASSWORD, Service, serving, settings_in

SEED = int(os.environ["HAIDANG_SEED"])  # made by tests/conftest.py where nobody gives one
EXAMPLES = 50
PATIENCE_S = 30
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

SCHEMA = schemathesis.openapi.from_dict(describe())
OPERATIONS = {one.ok().label: one.ok() for one in SCHEMA.get_all_operations() if isinstance(one, Ok)}


@dataclass(slots=True)
class Operator:
    """Somebody who is signed in to a service that runs in a thread of its own."""

    service: Service
    loop: asyncio.AbstractEventLoop
    browser: requests.Session
    cookie: str = ""

    def sign_in(self) -> None:
        """With a session that nobody has ended."""
        self.cookie = asyncio.run_coroutine_threadsafe(self._open(), self.loop).result(PATIENCE_S)

    def ask(self, case: Case[Any]) -> None:
        """Ask, and hold the answer against the description."""
        answer = case.call(
            base_url=self.service.url, session=self.browser, cookies={COOKIE: self.cookie}, timeout=PATIENCE_S
        )
        case.validate_response(answer, checks=CHECKS)

    async def _open(self) -> str:
        people = self.service.parts.people
        person = await people.find("lan")
        if person is None:
            await people.add("lan", PASSWORD, Role.OPERATOR, area=Area("halong"))
            return await self._open()
        token, _ = await people.open(person, "127.0.0.1")
        return token


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """One service for all operations that a process asks."""
    with _served(tmp_path_factory) as (service, loop), requests.Session() as browser:
        browser.trust_env = False
        yield Operator(service, loop, browser)


@contextmanager
def _served(folders: pytest.TempPathFactory) -> Iterator[tuple[Service, asyncio.AbstractEventLoop]]:
    folder = folders.mktemp("any")
    write_city(folder / "inventory.json", small_city())
    loop, ready, found = asyncio.new_event_loop(), threading.Event(), list[Service]()
    over = asyncio.Event()

    async def serve() -> None:
        try:
            async with serving(settings_in(folder), standing_clock()[0]) as service:
                found.append(service)
                ready.set()
                await over.wait()
        finally:
            ready.set()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert ready.wait(PATIENCE_S)
        yield found[0], loop
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


def _asked(operation: APIOperation[Any, Any, Any, Any]) -> SearchStrategy[Case[Any]]:
    """Requests as they are described, and, where anything can be said at all, ones that are not."""
    right = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    if not (operation.body or operation.query or operation.path_parameters):
        return right
    return right | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)


@pytest.mark.parametrize("label", OPERATIONS)
def test_any_request_is_answered_as_described(operator: Operator, label: str) -> None:
    operation = OPERATIONS[label]
    operator.sign_in()

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=_asked(operation))
    def ask(case: Case[Any]) -> None:
        if label == "DELETE /api/v1/session":
            operator.sign_in()
        operator.ask(case)

    ask()


def test_who_asked_is_still_signed_in_and_the_service_is_well(operator: Operator) -> None:
    operator.sign_in()
    me = operator.browser.get(f"{operator.service.url}/api/v1/session", cookies={COOKIE: operator.cookie}, timeout=9)
    health = operator.browser.get(f"{operator.service.url}/api/v1/health", timeout=9)
    assert (me.json()["username"], health.json()["status"]) == ("lan", "ok")
