"""`haidang audit verify` finds each way of bending the audit log, and names it; on both registries."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from cloud.audit import chain, store
from cloud.audit.chain import Act, Entry, Link
from cloud.audit.heads import HEADS_FILE
from cloud.audit.signing import KEY_FILE, ensure_signer, is_signed, load_signer
from cloud.database import Database
from cloud.settings import Settings
from haidang.cli import app
from protocols.audit_head import AuditHead, in_line
from protocols.clock import DomainClock
from protocols.wire import decode_message
from tests.cloud.cities import small_city
from tests.cloud.clocks import EVENING, Wall
from tests.cloud.serving import Service, serving
from tests.waiting import until

_UNLOCK = {
    "sqlite": [f"DROP TRIGGER {table}_no_{verb}" for table in ("audit", "audit_head") for verb in ("UPDATE", "DELETE")],
    "postgresql": [f"DROP TRIGGER {table}_no_change ON {table}" for table in ("audit", "audit_head")],
}
_REWRITE = "UPDATE audit SET reason = :reason, previous = :previous, hash = :hash WHERE seq = :seq"


@dataclass(frozen=True, slots=True)
class Kept:
    """A log of eleven rows of which rows 1 (the first administrator), 5 and 9 are signed, and what the auditor has."""

    service: Service
    folder: Path
    from_edge: Path

    async def verify(self, *more: str) -> tuple[int, str]:
        """The exit code and what is said."""
        arguments = ["audit", "verify", "--data", str(self.folder), *more]
        result = await asyncio.to_thread(CliRunner().invoke, app, arguments)
        return result.exit_code, result.output

    async def bend(self, *statements: str, rows: Sequence[Link] = ()) -> None:
        """Write around the triggers, as somebody may who owns the machine."""
        async with self.service.parts.database.write() as session:
            for statement in (*_UNLOCK[session.get_bind().dialect.name], *statements):
                await session.execute(text(statement))
            for row in rows:
                told = {"reason": row.entry.reason, "previous": row.previous, "hash": row.hash, "seq": row.seq}
                await session.execute(text(_REWRITE), told)

    async def links(self) -> list[Link]:
        async with self.service.parts.database.read() as session:
            return [link async for link in store.every_link(session)]

    def forget_own_heads(self) -> str:
        """The file goes here, and the statement for the table comes back."""
        (self.folder / HEADS_FILE).unlink()
        return "DELETE FROM audit_head"


async def _act(service: Service, count: int) -> None:
    async with service.parts.database.write() as session:
        for n in range(count):
            at = EVENING + timedelta(microseconds=n)
            await store.append(session, Entry(at, "lan", Act.COMMAND, "HL-000001", "sửa đèn"))


@pytest.fixture
async def kept(service: Service, settings: Settings, wall: Wall, tmp_path: Path) -> Kept:
    told = f"site: halong\ndatabase_url: {settings.database}\n"
    (tmp_path / "cloud.yaml").write_text(told)
    heads = service.parts.heads
    await until(lambda: _told(service))
    await _act(service, 4)
    await heads.sign()
    await _act(service, 4)
    wall.seconds += 86_400
    await heads.sign()
    await _act(service, 2)
    from_edge = tmp_path / "from-edge.jsonl"
    await until(lambda: _told(service)[-1].seq == 9)
    from_edge.write_text((tmp_path / HEADS_FILE).read_text())
    return Kept(service, tmp_path, from_edge)


def _told(service: Service) -> list[AuditHead]:
    """What the first edge was given to keep."""
    topic = f"haidang/v1/halong/{small_city().edges[0]}/audit_head"
    return [decode_message(AuditHead, payload) for to, payload in service.link.published if to == topic]


async def test_a_log_that_nobody_touched_is_well(kept: Kept) -> None:
    code, said = await kept.verify("--heads", str(kept.from_edge))
    assert (code, said) == (
        0,
        "well: 11 rows, each follows from the one before. 3 signed heads fit; the newest proves row 9, and "
        "2 rows are not covered by a signature yet\n",
    )


async def test_one_row_that_was_changed_is_named(kept: Kept) -> None:
    await kept.bend("UPDATE audit SET who = 'minh' WHERE seq = 6")
    code, said = await kept.verify()
    assert code == 1
    assert said.splitlines() == [
        "row 6: it was changed: what it says does not give its hash",
        "NOT WELL: 11 rows were read, and 1 things are wrong",
    ]


_COLUMNS = ("act", "target", "reason", "result", "parameters", "address", "hash", "previous")


async def test_no_part_of_a_row_can_be_changed(kept: Kept) -> None:
    """Every column in a row of its own."""
    bent = [f"UPDATE audit SET {column} = 'x' WHERE seq = {n}" for n, column in enumerate(_COLUMNS, 1)]  # noqa: S608
    await kept.bend(*bent, "UPDATE audit SET at = '2026-11-20 12:00:00.000000' WHERE seq = 9")
    code, said = await kept.verify()
    assert code == 1
    assert [n for n in range(1, 11) if f"row {n}: it was changed" in said] == list(range(1, 10))


async def test_a_tail_that_was_deleted_is_named_by_the_clouds_own_head(kept: Kept) -> None:
    await kept.bend("DELETE FROM audit WHERE seq > 6")
    code, said = await kept.verify()
    assert code == 1
    assert "row 7: rows 7 to 9 are missing, or more: there is the head that was signed at" in said


async def test_a_tail_that_was_deleted_with_the_clouds_heads_is_named_by_an_edges(kept: Kept) -> None:
    await kept.bend("DELETE FROM audit WHERE seq > 6", kept.forget_own_heads())
    assert (await kept.verify())[0] == 0, "without the edges nobody can know"
    code, said = await kept.verify("--heads", str(kept.from_edge))
    assert code == 1
    assert "row 7: rows 7 to 9 are missing, or more" in said
    assert "from-edge.jsonl" in said


async def test_a_log_that_was_emptied_is_named(kept: Kept) -> None:
    await kept.bend("DELETE FROM audit")
    code, said = await kept.verify()
    assert code == 1
    assert "row 1: rows 1 to 9 are missing" in said


async def test_rows_taken_from_the_middle_are_named(kept: Kept) -> None:
    await kept.bend("DELETE FROM audit WHERE seq IN (2, 3)")
    code, said = await kept.verify()
    assert code == 1
    assert said.startswith("row 2: rows 2 to 3 are missing\n")


def _rewritten(links: Sequence[Link], seq: int) -> list[Link]:
    """The log as it would be if row `seq` had said something else."""
    made: list[Link] = []
    for link in links:
        entry = replace(link.entry, reason="nothing at all") if link.seq == seq else link.entry
        made.append(chain.link(link.seq, entry, made[-1].hash if made else chain.START))
    return made


async def test_a_row_that_was_changed_with_all_hashes_after_it_is_named_by_a_signed_head(kept: Kept) -> None:
    await kept.bend(rows=_rewritten(await kept.links(), 6))
    code, said = await kept.verify()
    assert code == 1
    assert "row 9: one of the rows 6 to 9 was changed and all hashes after it computed anew" in said
    assert "it was changed:" not in said, "each row by itself is in order"


async def test_who_signs_a_rewritten_log_with_the_clouds_own_key_is_found_by_an_edges_head(
    kept: Kept, wall: Wall
) -> None:
    bent = _rewritten(await kept.links(), 2)
    forged = load_signer(kept.folder / KEY_FILE, "halong").sign(9, bent[8].hash, EVENING)
    await kept.bend(kept.forget_own_heads(), rows=bent)
    (kept.folder / HEADS_FILE).write_text(in_line(forged))
    assert (await kept.verify())[0] == 0, "without the edges nobody can know"
    code, said = await kept.verify("--heads", str(kept.from_edge))
    assert code == 1
    assert "row 5: one of the rows 2 to 5 was changed and all hashes after it computed anew" in said


async def test_a_head_that_is_not_signed_by_the_clouds_key_proves_nothing(kept: Kept, tmp_path: Path) -> None:
    other = ensure_signer(tmp_path / "other.key", "halong").sign(6, "0" * 64, EVENING)
    bent = other.model_copy(update={"seq": 7})
    kept.from_edge.write_text(in_line(other) + in_line(bent))
    code, said = await kept.verify("--heads", str(kept.from_edge))
    assert code == 1
    assert f"of row 6 proves nothing: it is signed by another key, {other.key}" in said
    assert "of row 7 proves nothing: its signature is not right" in said
    assert "computed anew" not in said


async def test_what_is_no_file_of_heads_is_answered_with_its_line(kept: Kept) -> None:
    kept.from_edge.write_text(kept.from_edge.read_text() + "{}\n")
    code, said = await kept.verify("--heads", str(kept.from_edge))
    assert code == 1
    assert f"{kept.from_edge}:4: this is no signed head" in said


async def test_where_there_is_no_registry_none_is_made(tmp_path: Path) -> None:
    (tmp_path / "cloud.yaml").write_text("site: halong\n")
    result = await asyncio.to_thread(CliRunner().invoke, app, ["audit", "verify", "--data", str(tmp_path)])
    assert result.exit_code == 1
    assert not (tmp_path / "registry.sqlite").exists()


async def test_the_head_is_signed_once_a_day_and_given_to_every_edge(kept: Kept, wall: Wall) -> None:
    service, edges = kept.service, small_city().edges
    await until(
        lambda: {to.split("/")[3] for to, _ in service.link.published if to.endswith("audit_head")} >= set(edges)
    )
    newest = _told(service)[-1]
    assert (newest.site, newest.seq, is_signed(newest)) == ("halong", 9, True)
    assert newest.at.timestamp() == int(wall.seconds)
    async with service.parts.database.read() as session:
        assert [head.seq for head in await store.load_heads(session)] == [1, 5, 9]


async def test_an_edge_that_comes_back_gets_the_head_again(kept: Kept) -> None:
    service, edge = kept.service, small_city().edges[0]
    await until(lambda: [head.seq for head in _told(service)][-1:] == [9])
    before = len(_told(service))
    for told in service.parts.edges.born:
        told(edge)
    await until(lambda: len(_told(service)) > before)


async def test_a_service_that_starts_again_has_the_same_key_and_no_need_to_sign(
    settings: Settings, clock: DomainClock, tmp_path: Path
) -> None:
    async with serving(settings, clock) as first:
        await until(lambda: _told(first))
        await _act(first, 4)
        await first.parts.heads.sign()
    key = (tmp_path / KEY_FILE).read_bytes()
    async with serving(settings, clock) as again:
        await until(lambda: _told(again))
        assert _told(again)[-1].seq == 5
    assert (tmp_path / KEY_FILE).read_bytes() == key
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600


async def test_many_who_write_at_once_keep_the_chain(service: Service, settings: Settings) -> None:
    other = Database(settings.database)  # as another process has it

    async def write(database: Database, n: int) -> None:
        async with database.write() as session:
            await store.append(session, Entry(EVENING, f"person {n}", Act.COMMAND))

    await asyncio.gather(*(write(database, n) for n in range(10) for database in (service.parts.database, other)))
    await other.close()
    async with service.parts.database.read() as session:
        links = [link async for link in store.every_link(session)]
    assert len(links) == 21, "and the first administrator's"
    assert _whole(links)


def _whole(links: Sequence[Link]) -> bool:
    return all(link.previous == before.hash for before, link in pairwise(links))
