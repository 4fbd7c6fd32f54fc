"""What is sent to break the service: bytes that are no HTTP, bodies that are no JSON, text that is a program elsewhere.

It answers, or closes the connection, stays up, and keeps every text as the text that it is.
"""

import asyncio
from typing import Any

import httpx2
import pytest

from cloud.people.rights import Role
from tests.cloud.cities import lamp_id
from tests.cloud.serving import Service

API = "/api/v1"
SESSION = f"{API}/session"
TEXTS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; DROP TABLE person; --",
    "' OR '1'='1",
    "{{7*7}} ${7*7} %{7*7}",
    "=cmd|'/c calc'!A1",
    "../../etc/passwd",
    "\u202egnp.exe \ufeff\u200b",
    "a\r\nSet-Cookie: haidang_session=x",
    "ê" * 100,
)


async def _say(port: int, data: bytes) -> bytes:
    """What comes back on a connection of its own: an answer, or nothing when it is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        await writer.drain()
        writer.write_eof()  # nothing more comes, whatever was announced
        async with asyncio.timeout(30):
            return await reader.read(200)
    except ConnectionError:
        return b""
    finally:
        writer.close()


def _request(path: bytes, *headers: bytes, method: bytes = b"GET", body: bytes = b"") -> bytes:
    lines = [method + b" " + path + b" HTTP/1.1", b"Connection: close", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


HOST = b"Host: x"
JSON = b"Content-Type: application/json"
STRANGE: tuple[bytes, ...] = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(50) + b"\r\n\r\n",  # TLS at a door without
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"\0\0\0\0\r\n\r\n",
    _request(b"/" + b"a" * 100_000, HOST),
    _request(b"/api/v1/health", HOST, b"X-Long: " + b"a" * 100_000),
    _request(b"/api/v1/health", *[b"X-%d: a" % n for n in range(5_000)]),
    _request(b"/..%2f..%2f..%2fetc%2fpasswd", HOST),
    _request(b"/../../../etc/passwd", HOST),
    _request(b"/assets/..%5c..%5cregistry.sqlite", HOST),
    _request(b"/api/v1/luminaires/%00", HOST),
    _request(b"/api/v1/luminaires/%0d%0aSet-Cookie:%20a=b", HOST),
    _request(b"/api/v1/luminaires/%ff%fe", HOST),
    _request("/đèn/\x80".encode("latin-1", "replace") + b"\xff", HOST),
    _request(b"/api/v1/session", HOST, b"Host: other"),
    _request(b"/api/v1/session", b"Host: x\x00y"),
    _request(b"/api/v1/session", HOST, b"Cookie: haidang_session=" + b"\xff" * 50),
    _request(b"/api/v1/session", HOST, b"Cookie: haidang_session=" + b"x" * 8_000),
    _request(b"/api/v1/session", HOST, b"Cookie: ;;;=;haidang_session;=\"'"),
    _request(b"/api/v1/session", HOST, b"Authorization: Bearer \xff\xfe"),
    _request(b"/api/v1/edge/documents/x", HOST, b"Authorization: Basic ////"),
    _request(b"/api/v1/session", HOST, b"Transfer-Encoding: chunked", b"Content-Length: 5", method=b"POST", body=b"x"),
    _request(
        b"/api/v1/session", HOST, JSON, b"Transfer-Encoding: chunked", method=b"POST", body=b"zz\r\n{}\r\n0\r\n\r\n"
    ),
    _request(b"/api/v1/session", HOST, JSON, b"Content-Length: -1", method=b"POST", body=b"{}"),
    _request(b"/api/v1/session", HOST, JSON, b"Content-Length: 99999999999999999999", method=b"POST", body=b"{}"),
    _request(b"/api/v1/session", HOST, b"Content-Length: 2", method=b"BREW", body=b"{}"),
    _request(b"/api/v1/live", HOST, b"Upgrade: websocket", b"Sec-WebSocket-Version: 99"),
    _request(b"http://evil.example/api/v1/session", HOST),
    _request(b"*", HOST, method=b"OPTIONS"),
)


async def test_bytes_that_are_no_decent_request_are_refused_and_the_service_stays_up(service: Service) -> None:
    said = [await _say(service.port, data) for data in STRANGE]
    statuses = [one.partition(b" ")[2][:3] for one in said]
    assert [n for n, status in enumerate(statuses) if status.startswith(b"5") and status != b"503"] == []
    assert not any(b"root:" in one or b"SQLite" in one or b"set-cookie: a=b" in one.lower() for one in said)
    async with service.anonymous() as client:
        assert (await client.get(f"{API}/health")).json()["status"] == "ok"


BODIES: tuple[bytes, ...] = (
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"[" * 30_000,
    b'{"a":' * 9_000,
    b"[" * 900 + b"]" * 900,
    b'{"username": "a", "username": "b"}',
    b'{"username": 1e999, "password": -0}',
    b'{"username": ' + b"9" * 5_000 + b"}",
    b"\xff\xfe\x00\x00",
    b"\xef\xbb\xbf{}",
    b'{"username": "\\ud83d", "password": "\\udc00"}',
    b'{"username": "a\\u0000", "password": "a"}',
    b'{"__proto__": {"admin": true}, "username": {"$ne": null}, "password": {"$gt": ""}}',
    b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
    b"username=admin&password=admin",
)


@pytest.mark.parametrize(
    "kind", ["application/json", "text/plain", "application/xml", "multipart/form-data; boundary=x"]
)
async def test_bodies_that_are_no_log_in_are_refused_by_name(service: Service, kind: str) -> None:
    async with service.anonymous() as client:
        said = [await client.post(SESSION, content=body, headers={"Content-Type": kind}) for body in BODIES]
    assert {answer.status_code for answer in said} <= {400, 401, 422, 429}
    assert not any(b"Traceback" in answer.content for answer in said)


async def test_headers_of_a_proxy_that_is_none_change_nothing(service: Service) -> None:
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    forged |= {"Forwarded": "for=203.0.113.9;proto=https", "X-Original-URL": "/api/v1/people", "X-HTTP-Method": "GET"}
    forged |= {"X-Rewrite-URL": "/api/v1/people", "X-Real-IP": "203.0.113.9"}
    async with service.anonymous() as client:
        answer = await client.post(SESSION, json={"username": "x", "password": "y"}, headers=forged)
    assert answer.status_code == 401
    assert "strict-transport-security" not in answer.headers
    async with service.signed_in(Role.AUDITOR) as auditor:
        rows = (await auditor.get(f"{API}/audit", params={"act": "log_in_failed"})).json()
    assert {row["address"] for row in rows} == {"127.0.0.1"}


async def test_text_that_is_a_program_elsewhere_is_kept_as_the_text_that_it_is(service: Service) -> None:
    async with service.signed_in() as boss:
        for number, text in enumerate(TEXTS):
            await _keep(boss, number, text)
        people = {one["username"]: one["display_name"] for one in (await boss.get(f"{API}/people")).json()}
        commands = (await boss.get(f"{API}/commands")).json()
        found = [(await boss.get(f"{API}/audit", params={"text": text[:60]})).status_code for text in TEXTS]
        sheet = (await boss.get(f"{API}/audit.csv")).text
    assert [people[f"p{number}"] for number in range(len(TEXTS))] == list(TEXTS)
    assert {one["reason"] for one in commands if one.get("reason")} <= set(TEXTS)
    assert set(found) == {200}
    assert not any(line.startswith("=") or ',"=' in line for line in sheet.splitlines())
    async with service.anonymous() as client:
        for text in TEXTS[:8]:
            answer = await client.post(SESSION, json={"username": text[:64], "password": text})
            assert answer.status_code in (401, 429)
            assert answer.headers["content-type"] == "application/json"


async def _keep(boss: httpx2.AsyncClient, number: int, text: str) -> None:
    """Into every field that takes any words."""
    grants = [{"role": "viewer", "area": "/halong"}]
    person: dict[str, Any] = {"username": f"p{number}", "display_name": text, "grants": grants}
    assert (await boss.post(f"{API}/people", json=person)).status_code == 201
    order = {"target": lamp_id(1), "action": {"type": "override", "level": 60}, "reason": text}
    assert (await boss.post(f"{API}/commands", json=order)).status_code in (202, 409)
    refused = await boss.post(f"{API}/people", json={**person, "username": text})
    assert refused.status_code in (409, 422)
    for path in ("luminaires", "devices", "alarms", "commands", "edges"):
        answer = await boss.get(f"{API}/{path}/{httpx2.URL('http://x', params={'a': text}).query.decode()[2:]}")
        assert answer.status_code in (404, 405, 422)
        assert answer.headers["content-type"] in ("application/json", "text/html; charset=utf-8")


async def test_the_person_table_is_still_there_after_all(service: Service) -> None:
    async with service.anonymous() as client:
        for text in TEXTS:
            await client.get(f"{API}/audit", params={"text": text, "who": text, "act": text})
    async with service.signed_in(Role.OPERATOR) as client:
        assert (await client.get(SESSION)).json()["username"] == Role.OPERATOR
