"""The audit log: everything is in it, and nothing in it can be changed unseen."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlalchemy import bindparam, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.audit import chain, store
from cloud.audit.chain import Act, Entry, Link
from cloud.audit.check import Check, Finding, Kept, findings
from cloud.audit.verify import verify
from cloud.database import Database, Instant
from cloud.migrations import migrate, upgrade
from cloud.people.rights import Role
from protocols.audit_head import AuditHead
from tests.cloud.clocks import EVENING
from tests.cloud.serving import PASSWORD, Service

_entries = st.builds(
    Entry,
    at=st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    who=st.text(max_size=20),
    act=st.sampled_from(Act),
    target=st.text(max_size=20),
    reason=st.text(max_size=20),
    result=st.sampled_from(["ok", "refused"]),
    parameters=st.none() | st.dictionaries(st.text(max_size=5), st.text(max_size=5)).map(chain.written),
    address=st.none() | st.ip_addresses().map(str),
)


def _rows(found: Iterable[Finding]) -> list[int]:
    return [finding.seq for finding in found]


def _chained(entries: list[Entry]) -> list[Link]:
    links: list[Link] = []
    for entry in entries:
        previous = links[-1].hash if links else chain.START
        links.append(chain.link(len(links) + 1, entry, previous))
    return links


@given(st.lists(_entries, max_size=6))
def test_a_chain_that_nobody_touched_is_whole(entries: list[Entry]) -> None:
    assert list(findings(_chained(entries))) == []


@given(st.lists(_entries, min_size=1, max_size=6), st.data())
def test_a_changed_row_is_found(entries: list[Entry], data: st.DataObject) -> None:
    links = _chained(entries)
    n = data.draw(st.integers(0, len(links) - 1))
    links[n] = replace(links[n], entry=replace(links[n].entry, who=links[n].entry.who + "x"))
    assert _rows(findings(links)) == [n + 1]


@given(_entries, _entries)
def test_parameters_can_be_neither_changed_nor_taken_away_nor_added(entry: Entry, other: Entry) -> None:
    assume(entry.parameters != other.parameters)
    whole = chain.link(1, entry, chain.START)
    assert _rows(findings([replace(whole, entry=replace(entry, parameters=other.parameters))])) == [1]


@given(_entries, _entries)
def test_an_address_can_be_neither_changed_nor_taken_away_nor_added(entry: Entry, other: Entry) -> None:
    assume(entry.address != other.address)
    whole = chain.link(1, entry, chain.START)
    assert _rows(findings([replace(whole, entry=replace(entry, address=other.address))])) == [1]


@given(_entries)
def test_parameters_and_an_address_cannot_change_places(entry: Entry) -> None:
    entry = replace(entry, parameters="x", address=None)
    moved = replace(entry, parameters=None, address="x")
    assert chain.digest(1, entry, chain.START) != chain.digest(1, moved, chain.START)


@given(st.lists(_entries, min_size=2, max_size=6), st.data())
def test_a_lost_row_is_found(entries: list[Entry], data: st.DataObject) -> None:
    links = _chained(entries)
    n = data.draw(st.integers(0, len(links) - 2))
    del links[n]
    assert _rows(findings(links)) == [n + 1]


def _head(link: Link) -> Kept:
    """As it was signed; whether it was is not the chain's matter."""
    signed = AuditHead(site="s", seq=link.seq, hash=link.hash, at=EVENING, key="0" * 64, signature="0" * 128)
    return Kept(signed, "here")


@given(st.lists(_entries, max_size=6), st.data())
def test_a_chain_that_nobody_touched_fits_each_of_its_heads(entries: list[Entry], data: st.DataObject) -> None:
    links = _chained(entries)
    heads = [_head(link) for link in data.draw(st.lists(st.sampled_from(links)) if links else st.just([]))]
    assert list(findings(links, heads)) == []


@given(st.lists(_entries, min_size=1, max_size=6), st.data())
def test_a_chain_computed_anew_does_not_fit_a_head_from_before(entries: list[Entry], data: st.DataObject) -> None:
    """The row is named within the rows since the last head that fits."""
    n = data.draw(st.integers(0, len(entries) - 1), "changed")
    signed = data.draw(st.integers(n, len(entries) - 1), "signed")
    before = data.draw(st.none() | st.integers(0, n - 1) if n else st.none(), "signed before")
    heads = [_head(_chained(entries)[place]) for place in (before, signed) if place is not None]
    bent = [*entries[:n], replace(entries[n], reason=entries[n].reason + "x"), *entries[n + 1 :]]
    [found] = findings(_chained(bent), heads)
    first = 1 if before is None else before + 2
    assert found.seq == signed + 1
    assert found.what.startswith(
        f"row {first} was" if first == signed + 1 else f"one of the rows {first} to {signed + 1} "
    )


@given(st.lists(_entries, min_size=1, max_size=6), st.data())
def test_a_tail_that_was_cut_off_is_found_by_a_head_behind_the_cut(entries: list[Entry], data: st.DataObject) -> None:
    links = _chained(entries)
    left = data.draw(st.integers(0, len(links) - 1))
    signed = data.draw(st.integers(left, len(links) - 1))
    [found] = findings(links[:left], [_head(links[signed])])
    assert found.seq == left + 1
    assert "missing" in found.what


def test_what_stands_before_the_first_row_is_found() -> None:
    entry = Entry(EVENING, "lan", Act.LOG_OUT)
    links = [chain.link(0, entry, chain.START), *_chained([entry])]
    assert next(str(finding) for finding in findings(links)) == (
        "row 0: it has no place in the log, which begins with row 1"
    )


async def _wrong(session: AsyncSession) -> list[str]:
    return [str(finding) async for finding in verify(session, Check(()))]


async def test_every_log_in_and_log_out_is_written_down(service: Service) -> None:
    await service.parts.people.add("lan", PASSWORD, Role.OPERATOR)
    async with service.anonymous() as client:
        await client.post("/api/v1/session", json={"username": "lan", "password": "wrong"})
        await client.post("/api/v1/session", json={"username": "lan", "password": PASSWORD})
        await client.delete("/api/v1/session")
    async with service.signed_in(Role.AUDITOR) as auditor:
        acts = (await auditor.get("/api/v1/audit?limit=4")).json()
    assert [(act["who"], act["act"], act["result"]) for act in acts] == [
        ("auditor", "log_in", "ok"),
        ("lan", "log_out", "ok"),
        ("lan", "log_in", "ok"),
        ("lan", "log_in_failed", "refused"),
    ]
    assert acts[0]["at"] == "2026-11-21T12:00:00Z"


# A row as it was written before there were parameters, with the hash that it was given then.
_OLD_HASH = "4eb2b92f6629c59d5d7f7ad5c40b345e2a446689c187e8671bb276207115d0a0"
_OLD_ROW = """
INSERT INTO audit (seq, at, who, act, target, reason, result, previous, hash)
VALUES (1, :at, 'lan', 'command', 'HL-000001', '', 'override 60 % until 14:00:00Z', :previous, :hash)
"""


async def test_a_log_from_before_there_were_parameters_goes_on_whole(empty_registry: str, tmp_path: Path) -> None:
    database = Database(empty_registry)
    row = text(_OLD_ROW).bindparams(bindparam("at", EVENING, Instant()), previous=chain.START, hash=_OLD_HASH)
    async with database.engine.execution_options(writes=True).begin() as connection:
        await connection.run_sync(upgrade, "0005")
        await connection.execute(row)
    await migrate(database, tmp_path)
    async with database.write() as session:
        parameters = chain.written({"type": "resume"})
        await store.append(session, Entry(EVENING, "lan", Act.COMMAND, "HL-000001", parameters=parameters))
    async with database.read() as session:
        assert await _wrong(session) == []
        assert [row.parameters for row in await store.load_last(session, 2)] == ['{"type":"resume"}', None]
    with pytest.raises(DBAPIError, match="append-only"):
        async with database.write() as session:
            await session.execute(text("UPDATE audit SET parameters = '{}' WHERE seq = 1"))
    await database.close()


# The same, from before there was an address.
_ROW_OF_8 = """
INSERT INTO audit (seq, at, who, act, target, reason, result, parameters, previous, hash)
VALUES (1, :at, 'lan', 'command', 'HL-000001', '', 'requested', '{"type":"resume"}', :previous, :hash)
"""
_HASH_OF_8 = "2121d0e8374487398572be1330e4cf75688cb990b7ad253c44c350fb80c645cf"


async def test_a_log_from_before_there_were_addresses_goes_on_whole(empty_registry: str, tmp_path: Path) -> None:
    database = Database(empty_registry)
    row = text(_ROW_OF_8.replace(':"', '\\:"'))
    bound = row.bindparams(bindparam("at", EVENING, Instant()), previous=chain.START, hash=_HASH_OF_8)
    async with database.engine.execution_options(writes=True).begin() as connection:
        await connection.run_sync(upgrade, "0008")
        await connection.execute(bound)
    await migrate(database, tmp_path)
    async with database.write() as session:
        await store.append(session, Entry(EVENING, "lan", Act.LOG_OUT, address="192.0.2.7"))
    async with database.read() as session:
        assert await _wrong(session) == []
        assert [row.address for row in await store.load_last(session, 2)] == ["192.0.2.7", None]
    await database.close()


async def test_the_log_in_the_registry_is_whole_and_refuses_changes(service: Service) -> None:
    database = service.parts.database
    for n in range(3):
        async with database.write() as session:
            await store.append(session, Entry(EVENING + timedelta(microseconds=n + 1), "lan", Act.COMMAND, str(n)))
    async with database.read() as session:
        assert await _wrong(session) == []
    for statement in ("UPDATE audit SET who = 'me'", "DELETE FROM audit"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with database.write() as session:
                await session.execute(text(statement))


_NO_TRIGGER = {"sqlite": "DROP TRIGGER audit_no_UPDATE", "postgresql": "DROP TRIGGER audit_no_change ON audit"}


async def test_who_writes_around_the_triggers_is_found(service: Service) -> None:
    async with service.parts.database.write() as session:
        await store.append(session, Entry(EVENING, "lan", Act.COMMAND, "HL-000001"))
        await store.append(session, Entry(EVENING, "lan", Act.COMMAND, "HL-000002"))
        await session.execute(text(_NO_TRIGGER[session.get_bind().dialect.name]))
        await session.execute(text("UPDATE audit SET target = 'HL-000009' WHERE seq = 1"))
    async with service.parts.database.read() as session:
        assert await _wrong(session) == ["row 1: it was changed: what it says does not give its hash"]
