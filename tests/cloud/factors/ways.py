"""People with a second factor, and how they come in."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import httpx2
import orjson
import pyotp

from cloud.audit.store import load_last
from cloud.people.rights import Role
from tests.cloud.clocks import Wall
from tests.cloud.serving import PASSWORD, Service

API = "/api/v1"
STEP_S = 30
BEGINNING = "a test begins"


@dataclass(frozen=True, slots=True)
class Phone:
    """An authenticator app, whose clock is a test's wall clock."""

    secret: str
    wall: Wall

    def code(self, steps: int = 0) -> str:
        """The code of now, or of so many half minutes later."""
        return pyotp.TOTP(self.secret).at(int(self.wall()) + steps * STEP_S)

    def next(self) -> str:
        """Wait for a code that was not shown yet."""
        self.wall.advance(seconds=STEP_S)
        return self.code()


async def sign_in(client: httpx2.AsyncClient, name: str = "lan", password: str = PASSWORD) -> httpx2.Response:
    """The first step."""
    return await client.post(f"{API}/session", json={"username": name, "password": password})


async def ticket_of(client: httpx2.AsyncClient, name: str = "lan") -> str:
    """The first step, from which the second one goes on."""
    answer = await sign_in(client, name)
    assert answer.status_code == 202
    return str(answer.json()["ticket"])


async def give_code(client: httpx2.AsyncClient, ticket: str, code: str) -> httpx2.Response:
    """The second step."""
    return await client.post(f"{API}/session/factor", json={"ticket": ticket, "code": code})


async def confirm(client: httpx2.AsyncClient, **proof: Any) -> str:
    """A confirmation, for the password unless something else is given."""
    answer = await client.post(f"{API}/session/confirm", json=proof or {"password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["confirmation"])


@asynccontextmanager
async def somebody(
    service: Service, name: str = "lan", role: Role = Role.OPERATOR
) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody who has no second factor yet, signed in."""
    await service.parts.people.add(name, PASSWORD, role)
    async with service.anonymous() as client:
        assert (await sign_in(client, name)).status_code == 200
        yield client


async def take_totp(client: httpx2.AsyncClient, wall: Wall) -> tuple[Phone, list[str]]:
    """A phone with the secret of who is signed in, and the recovery codes."""
    offer = await client.post(f"{API}/account/totp", json={"confirmation": await confirm(client)})
    assert offer.status_code == 200, offer.text
    phone = Phone(offer.json()["secret"], wall)
    started = await client.put(f"{API}/account/totp", json={"code": phone.code()})
    assert started.status_code == 200, started.text
    return phone, started.json()["recovery_codes"]


async def told(service: Service) -> Sequence[tuple[str, str, str, dict[str, Any]]]:
    """What this test has left in the audit log, newest first: who, which act, how it ended, its parameters."""
    async with service.parts.database.read() as session:
        rows = takewhile(lambda row: row.act != BEGINNING, await load_last(session, 100))
    return [(row.who, row.act, row.result, orjson.loads(row.parameters or "{}")) for row in rows]
