"""An edge keeps what it hears of the cloud's audit log, and gives it back to whoever has its disk."""

import asyncio
import logging
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge_agent.audit_heads import AuditHeads, heads_file, keep
from edge_agent.outbox import Outbox
from edge_agent.pauses import Pause
from edge_agent.uplink import Ears, Uplink
from haidang.cli import app
from protocols import wire
from protocols.audit_head import AuditHead, heads_of, in_line
from protocols.topics import Leaf
from tests.edge.clocks import MIDNIGHT, running_clock
from tests.edge.clouds import Broker, Cloud
from tests.edge.jobs import at_work
from tests.edge.test_uplink import CONFIG, configured
from tests.waiting import until


def head(seq: int, digest: str = "a") -> AuditHead:
    return AuditHead(site="halong", seq=seq, hash=digest * 64, at=MIDNIGHT, key="b" * 64, signature="c" * 128)


def kept(file: Path) -> list[AuditHead]:
    return list(heads_of(file.read_text(), file.name)) if file.exists() else []


def test_a_head_that_comes_twice_is_kept_once(tmp_path: Path) -> None:
    file = tmp_path / "heads"
    for told in (head(4), head(8), head(8), head(4)):
        keep(file, told)
    assert kept(file) == [head(4), head(8)]


def test_two_heads_that_contradict_each_other_are_kept_both(tmp_path: Path) -> None:
    file = tmp_path / "heads"
    for told in (head(4), head(4, "d")):
        keep(file, told)
    assert kept(file) == [head(4), head(4, "d")]


def test_the_newest_are_kept_when_there_are_too_many(tmp_path: Path) -> None:
    file = tmp_path / "heads"
    for seq in range(1, 8):
        keep(file, head(seq), most=3)
    assert [one.seq for one in kept(file)] == [5, 6, 7]


async def test_a_disk_that_does_not_take_a_head_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    folder = tmp_path / "there"
    heads = AuditHeads(folder / "heads")
    async with at_work(heads.run()):
        heads.submit(head(4))
        await until(lambda: "head of row 4 is not kept" in caplog.text)
        folder.mkdir()
        heads.submit(head(4))
        await until(lambda: kept(folder / "heads") == [head(4)])


async def test_what_the_cloud_has_signed_is_kept_and_given_back(
    tmp_path: Path, outbox: Outbox, broker: Broker, cloud: Cloud
) -> None:
    config = configured(broker)
    heads = AuditHeads(heads_file(tmp_path / "edge.sqlite"))
    ears = Ears(audit_head=heads.submit)
    uplink = Uplink(config, outbox, running_clock(), "haidang 0", ears, pause=Pause(0.05, 0.1))
    async with at_work(heads.run()), at_work(uplink.run()):
        await until(lambda: uplink.connected)
        await cloud.say(Leaf.AUDIT_HEAD, wire.encode_message(head(4)), retain=True)
        await until(lambda: kept(heads_file(tmp_path / "edge.sqlite")) == [head(4)])
    (tmp_path / "edge.yaml").write_text(CONFIG.replace("data: unused", f"data: {tmp_path / 'edge.sqlite'}"))
    asked = ["edge", "heads", "--config", str(tmp_path / "edge.yaml")]
    told = await asyncio.to_thread(CliRunner().invoke, app, asked)
    assert (told.exit_code, told.output) == (0, in_line(head(4)))
