"""What stands in the audit log is found, page after page, and can be taken out for a spreadsheet."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.audit import store
from cloud.audit.chain import Act, Entry
from cloud.audit.sheet import harmless
from cloud.people.rights import Role
from tests.cloud.cities import lamp_id
from tests.cloud.clocks import EVENING
from tests.cloud.serving import Service

AUDIT = "/api/v1/audit"
HOST = "127.0.0.1"
_ENTRIES = [
    Entry(EVENING, "lan", Act.COMMAND, "HL-000001", "Sửa đèn", "requested"),
    Entry(EVENING + timedelta(hours=1), "minh", Act.ACKNOWLEDGE, "HL-000002", "100 %_of it", "acked"),
    Entry(EVENING + timedelta(hours=2), "lan", Act.COMMAND, "HL-000002", '=HYPERLINK("http://x")', "requested"),
    Entry(EVENING + timedelta(hours=3), "@lan", Act.COMMAND, "HL-000003", "a,b\n'c' \"d\"", "requested"),
]


@pytest.fixture
async def auditor(service: Service) -> AsyncIterator[httpx2.AsyncClient]:
    """Row 1 is the auditor's log-in, those from 2 on are the entries."""
    async with service.signed_in(Role.AUDITOR) as client:
        async with service.parts.database.write() as session:
            for entry in _ENTRIES:
                await store.append(session, entry)
        yield client


_SEARCHES: list[tuple[dict[str, str], list[int]]] = [
    ({"who": "lan"}, [5, 3]),
    ({"act": "acknowledge"}, [4]),
    ({"target": "HL-000002"}, [5, 4]),
    ({"who": "lan", "target": "HL-000002"}, [5]),
    ({"result": "acked"}, [4]),
    ({"text": "sửa"}, [3]),
    ({"text": "đèn"}, [3]),
    ({"text": "hl-000002"}, [5, 4]),
    ({"text": "%_"}, [4]),
    ({"text": "'; DROP TABLE audit; --"}, []),
    ({"from": "2026-11-21T13:00:00Z"}, [6, 5, 4]),
    ({"from": "2026-11-21T20:00:00+07:00", "until": "2026-11-21T14:00:00Z"}, [4]),
    ({"limit": "2"}, [6, 5]),
    ({"limit": "2", "before": "5"}, [4, 3]),
    ({"who": "lan", "before": "5"}, [3]),
    ({"before": "1"}, []),
]


async def test_acts_are_found(auditor: httpx2.AsyncClient) -> None:
    for asked, found in _SEARCHES:
        answered = await auditor.get(AUDIT, params=asked)
        assert [act["seq"] for act in answered.json()] == found, asked


async def test_page_after_page_is_the_whole_log_once(auditor: httpx2.AsyncClient, service: Service) -> None:
    seen: list[int] = []
    while page := (await auditor.get(AUDIT, params={"limit": 2, **({"before": seen[-1]} if seen else {})})).json():
        seen += [act["seq"] for act in page]
        async with service.parts.database.write() as session:  # what is written meanwhile moves no page
            await store.append(session, _ENTRIES[0])
    assert seen == [6, 5, 4, 3, 2, 1]


_SENSELESS = [
    {"act": "nonsense"},
    {"from": "2026-11-21T13:00:00"},
    {"from": "0001-01-01T00:00:00+14:00"},
    {"until": "9999-12-31T23:59:59-14:00"},
    {"before": "0"},
    {"before": "2147483648"},
    {"limit": "0"},
    {"who": "a\0b"},
    {"text": "x" * 201},
]


async def test_what_cannot_be_asked_is_refused(auditor: httpx2.AsyncClient) -> None:
    for asked in _SENSELESS:
        assert (await auditor.get(AUDIT, params=asked)).status_code == 422, asked
        if not asked.keys() & {"before", "limit"}:
            assert (await auditor.get(f"{AUDIT}.csv", params=asked)).status_code == 422, asked


async def test_an_act_tells_where_it_came_from(service: Service, auditor: httpx2.AsyncClient) -> None:
    async with service.signed_in(Role.OPERATOR) as operator:
        action = {"type": "override", "level": 60}
        await operator.post("/api/v1/commands", json={"target": lamp_id(1), "action": action})
    acts = (await auditor.get(AUDIT, params={"who": "operator"})).json()
    assert [(act["act"], act["address"]) for act in acts] == [("command", HOST), ("log_in", HOST)]
    assert (await auditor.get(AUDIT, params={"who": "minh"})).json()[0]["address"] is None


def _read(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))


async def test_an_export_is_for_excel_and_no_cell_is_a_formula(auditor: httpx2.AsyncClient) -> None:
    answered = await auditor.get(f"{AUDIT}.csv", params={"from": "2026-11-21T12:00:00Z", "act": "command"})
    assert answered.headers["content-type"] == "text/csv; charset=utf-8"
    assert answered.content.startswith(b"\xef\xbb\xbfseq,at,who,address,")
    rows = _read(answered.content)
    assert [row["seq"] for row in rows] == ["6", "5", "3"]
    assert [row["who"] for row in rows] == ["'@lan", "lan", "lan"]
    assert [row["reason"] for row in rows] == ["a,b\n'c' \"d\"", '\'=HYPERLINK("http://x")', "Sửa đèn"]
    assert rows[-1]["at"] == "2026-11-21T12:00:00Z"


async def test_an_export_stands_in_the_log_and_in_itself(auditor: httpx2.AsyncClient) -> None:
    rows = _read((await auditor.get(f"{AUDIT}.csv")).content)
    assert (rows[0]["who"], rows[0]["act"], rows[0]["target"]) == ("auditor", "export", "audit")
    await auditor.get(f"{AUDIT}.csv", params={"who": "lan", "from": "2026-11-21T12:00:00Z"})
    newest = (await auditor.get(AUDIT, params={"limit": 1})).json()[0]
    assert newest["parameters"] == {"who": "lan", "since": "2026-11-21 12:00:00+00:00"}


async def test_a_long_export_is_whole(
    auditor: httpx2.AsyncClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloud.audit.routes._AT_ONCE", 2)
    rows = _read((await auditor.get(f"{AUDIT}.csv")).content)
    assert [int(row["seq"]) for row in rows] == [7, 6, 5, 4, 3, 2, 1]


async def test_who_may_not_look_may_not_take_it_out(service: Service) -> None:
    async with service.signed_in(Role.OPERATOR) as operator:
        assert (await operator.get(f"{AUDIT}.csv")).status_code == 403


async def test_an_export_of_telemetry_stands_in_the_log(service: Service) -> None:
    asked = {"kind": "luminaire", "from": "2026-11-21T11:00:00Z", "to": "2026-11-21T12:00:00Z", "device": lamp_id(1)}
    async with service.signed_in() as administrator:
        assert (await administrator.get("/api/v1/store/export", params=asked)).status_code == 200
        act = (await administrator.get(AUDIT, params={"limit": 1})).json()[0]
    assert (act["who"], act["act"], act["target"]) == ("administrator", "export", "luminaire")
    assert act["parameters"] == {
        "from": "2026-11-21T11:00:00+00:00",
        "to": "2026-11-21T12:00:00+00:00",
        "format": "csv",
        "devices": 1,
        "device": lamp_id(1),
    }


@given(st.text(max_size=8), st.sampled_from(["=", "+", "-", "@", "\t", "\r", "\n", ""]))
def test_no_text_becomes_a_formula(text: str, first: str) -> None:
    made = harmless(first + text)
    assert made[:1] not in ("=", "+", "-", "@", "\t", "\r", "\n") or not made
    assert made.endswith(first + text)
