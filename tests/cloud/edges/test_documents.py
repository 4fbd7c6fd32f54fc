"""What an edge should hold is put by a person, announced to the edge, fetched by it alone, and followed."""

import base64
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from cloud.settings import Settings
from protocols import wire
from protocols.clock import DomainClock
from protocols.wire import Birth, Desired, Document, RefusedDocument
from tests.cloud.cities import small_city
from tests.cloud.serving import Service, serving
from tests.waiting import until

EDGE, OTHER = small_city().edges[:2]
TEXT = "report: {every: 30s}\n"
HASH = hashlib.sha256(TEXT.encode()).hexdigest()
PATH = f"/api/v1/edges/{EDGE}/documents"
TOKENS = {EDGE: "token of one", OTHER: "token of the other"}


@pytest.fixture
async def service(settings: Settings, clock: DomainClock, tmp_path: Path) -> AsyncIterator[Service]:
    tokens = tmp_path / "edge-tokens"
    tokens.write_text("".join(f"{e}:{hashlib.sha256(t.encode()).hexdigest()}\n" for e, t in TOKENS.items()))
    async with serving(settings.model_copy(update={"edge_tokens": tokens}), clock) as running:
        yield running


@pytest.fixture
async def admin(service: Service) -> AsyncIterator[httpx2.AsyncClient]:
    async with service.signed_in() as client:
        yield client


def announced(service: Service) -> list[Desired]:
    topic = f"haidang/v1/halong/{EDGE}/desired"
    return [wire.decode_message(Desired, payload) for to, payload in service.link.published if to == topic]


def born(service: Service, clock: DomainClock, **documents: tuple[Document, ...]) -> None:
    service.parts.edges.told(EDGE, Birth(epoch="e", software="haidang 0", at=clock.now(), **documents))


async def state(client: httpx2.AsyncClient) -> tuple[str, str | None]:
    [document] = (await client.get(PATH)).json()
    return document["state"], document["reason"]


async def put(client: httpx2.AsyncClient, text: str = TEXT) -> httpx2.Response:
    return await client.put(f"{PATH}/settings", json={"text": text})


def basic(edge: str, token: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{edge}:{token}'.encode()).decode()}"}


async def test_a_document_is_announced_until_the_edge_holds_it(
    service: Service, admin: httpx2.AsyncClient, clock: DomainClock
) -> None:
    assert (await put(admin)).status_code == 200
    assert await state(admin) == ("waiting", None)
    await until(lambda: announced(service))
    assert announced(service)[-1].documents == (Document(name="settings", hash=HASH),)
    count = len(announced(service))
    born(service, clock)
    await until(lambda: len(announced(service)) > count)
    born(service, clock, documents=(Document(name="settings", hash=HASH),))
    assert await state(admin) == ("held", None)


async def test_without_a_broker_it_is_announced_later(service: Service, admin: httpx2.AsyncClient) -> None:
    service.link.connected = False
    await put(admin)
    service.link.connected = True
    await until(lambda: announced(service))


async def test_a_refusal_is_shown_with_its_reason(
    service: Service, admin: httpx2.AsyncClient, clock: DomainClock
) -> None:
    await put(admin)
    refused = RefusedDocument(name="settings", hash=HASH, reason="settings:1: poll_every.X: there is no bus X")
    born(service, clock, refused=(refused,))
    assert await state(admin) == ("refused", "settings:1: poll_every.X: there is no bus X")
    edges = (await admin.get("/api/v1/overview")).json()["edges"]["items"]
    [mine] = [edge for edge in edges if edge["id"] == EDGE]
    assert mine["refused"] == "settings: settings:1: poll_every.X: there is no bus X"


async def test_what_no_edge_could_take_changes_nothing(service: Service, admin: httpx2.AsyncClient) -> None:
    answer = await put(admin, "report: {evry: 30s}")
    assert answer.status_code == 400
    assert answer.json()["detail"]["message"] == "settings:1: report.evry: unknown key; did you mean `every`?"
    assert (await admin.get(PATH)).json() == []
    assert (await admin.put(f"{PATH}/recipes", json={"text": TEXT})).status_code == 404
    assert (await admin.put("/api/v1/edges/nobody/documents/settings", json={"text": TEXT})).status_code == 404


async def test_what_is_taken_away_is_announced_as_gone(
    service: Service, admin: httpx2.AsyncClient, clock: DomainClock
) -> None:
    await put(admin)
    born(service, clock, documents=(Document(name="settings", hash=HASH),))
    assert (await admin.delete(f"{PATH}/settings")).json() == []
    await until(lambda: announced(service) and announced(service)[-1].documents == ())
    assert (await admin.delete(f"{PATH}/settings")).status_code == 404


async def test_an_edge_fetches_its_own_documents_and_no_others(service: Service, admin: httpx2.AsyncClient) -> None:
    await put(admin)
    async with service.anonymous() as edge:
        url = f"/api/v1/edge/documents/{HASH}"
        assert (await edge.get(url, headers=basic(EDGE, TOKENS[EDGE]))).text == TEXT
        assert (await edge.get(url, headers=basic(OTHER, TOKENS[OTHER]))).status_code == 404
        for header in (basic(EDGE, "guessed"), basic(OTHER, TOKENS[EDGE]), basic("", ""), {"Authorization": "Basic ?"}):
            assert (await edge.get(url, headers=header)).status_code == 401


async def test_documents_survive_a_restart(settings: Settings, clock: DomainClock) -> None:
    async with serving(settings, clock) as running, running.signed_in() as client:
        await put(client)
        born(running, clock, documents=(Document(name="settings", hash="0" * 64),))
        await until(lambda: announced(running))
    async with serving(settings, clock) as running, running.signed_in() as client:
        assert await state(client) == ("waiting", None)
        await until(lambda: announced(running))


async def test_who_has_put_what_stands_in_the_audit_log(service: Service, admin: httpx2.AsyncClient) -> None:
    await put(admin)
    [entry] = [entry for entry in (await admin.get("/api/v1/audit")).json() if entry["act"] == "configure"]
    assert (entry["who"], entry["target"], entry["parameters"]["text"]) == ("administrator", EDGE, TEXT)
