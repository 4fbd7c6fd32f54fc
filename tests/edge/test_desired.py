"""What the cloud wants an edge to hold is judged whole before it is in force; the wrong is refused with a reason."""

import asyncio
import base64
import hashlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from edge_agent import main
from edge_agent.config import EdgeConfig, parse_config
from edge_agent.desired import Documents
from edge_agent.fetching import fetch
from edge_agent.mqtt_config import Cloud as CloudPlace
from edge_agent.pauses import Pause
from protocols import wire
from protocols.clock import DomainClock
from protocols.topics import Leaf, Stream
from protocols.wire import Birth, Desired, Document
from tests.edge.clocks import running_clock
from tests.edge.clouds import EDGE, Broker, Cloud
from tests.edge.jobs import at_work
from tests.edge.streets import Street, street
from tests.edge.test_agent import configured
from tests.edge.test_uplink import CONFIG
from tests.listening import listening
from tests.waiting import until

FASTER = b"report: {every: 10s}\npoll_every: {B: 2s}\nbacklog_per_second: 7\n"
WRONG = b"report: {every: 10s}\npoll_every: {X: 2s, Y: 3s}\n"


def document(body: bytes, name: str = "settings") -> Document:
    return Document(name=name, hash=hashlib.sha256(body).hexdigest())


def desired(*bodies: bytes) -> Desired:
    return Desired(documents=tuple(document(body) for body in bodies))


class Shelf:
    """A cloud's documents, which are there or not."""

    def __init__(self, *bodies: bytes) -> None:
        self.bodies = {document(body).hash: body for body in bodies}
        self.asked = 0

    async def fetch(self, digest: str) -> bytes:
        self.asked += 1
        if digest not in self.bodies:
            raise OSError("not there")
        return self.bodies[digest]


@pytest.fixture
def config(tmp_path: Path) -> EdgeConfig:
    return parse_config(CONFIG, "edge.yaml").model_copy(update={"data": tmp_path / "edge.sqlite"})


@asynccontextmanager
async def following(config: EdgeConfig, shelf: Shelf) -> AsyncIterator[Documents]:
    documents = Documents(config, shelf.fetch, Pause(0.01, 0.02))
    documents.load()
    async with at_work(documents.run()):
        yield documents


def in_force(config: EdgeConfig) -> tuple[timedelta, timedelta, float]:
    return config.report.every, config.modbus[0].poll_every, config.uplink.backlog_per_second


async def test_a_document_that_is_right_is_in_force_and_is_said(config: EdgeConfig) -> None:
    async with following(config, Shelf(FASTER)) as documents:
        documents.submit(desired(FASTER))
        await until(documents.changed.is_set)
        assert in_force(documents.config) == (timedelta(seconds=10), timedelta(seconds=2), 7)
        assert documents.holdings.held == (document(FASTER),)
        assert documents.holdings.news.is_set()


async def test_one_that_does_not_fit_is_refused_with_every_reason_and_the_last_good_one_stays(
    config: EdgeConfig,
) -> None:
    shelf = Shelf(FASTER, WRONG)
    async with following(config, shelf) as documents:
        documents.submit(desired(FASTER))
        await until(documents.changed.is_set)
        documents.submit(desired(WRONG))
        await until(lambda: documents.holdings.refused)
        [refused] = documents.holdings.refused
        assert refused.reason == (
            "settings:2: poll_every.X: there is no such bus; those that are polled here are B\n"
            "settings:2: poll_every.Y: there is no such bus; those that are polled here are B"
        )
        assert documents.holdings.held == (document(FASTER),)
        assert in_force(documents.config)[0] == timedelta(seconds=10)
        asked = shelf.asked
        documents.submit(desired(WRONG))
        documents.submit(desired(FASTER))
        await until(lambda: not documents._asked.is_set())
        assert shelf.asked == asked


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"report: {every: 20m}", "settings:1: report.every: 1200s is too long a silence; give at most 10m"),
        (b"reprot: {}", "settings:1: reprot: unknown key; did you mean `report`?"),
        (b"\xff", "settings:1: not UTF-8; save the file in that encoding"),
        (b"[" * 5000, "settings:1: not YAML"),
        (b"", "settings:1: should hold keys and values; got None"),
    ],
)
async def test_nonsense_is_refused(config: EdgeConfig, body: bytes, reason: str) -> None:
    async with following(config, Shelf(body)) as documents:
        documents.submit(desired(body))
        await until(lambda: documents.holdings.refused)
        assert documents.holdings.refused[0].reason.startswith(reason)
        assert documents.config == config


async def test_a_document_that_nobody_knows_is_refused(config: EdgeConfig) -> None:
    body = b"a recipe"
    async with following(config, Shelf(body)) as documents:
        documents.submit(Desired(documents=(document(body, "recipe"),)))
        await until(lambda: documents.holdings.refused)
        assert "knows no such document" in documents.holdings.refused[0].reason


async def test_a_cloud_that_does_not_answer_is_asked_again(
    config: EdgeConfig, caplog: pytest.LogCaptureFixture
) -> None:
    shelf = Shelf()
    async with following(config, shelf) as documents:
        documents.submit(desired(FASTER))
        await until(lambda: shelf.asked > 2)
        shelf.bodies[document(FASTER).hash] = WRONG
        await until(lambda: shelf.asked > 6)
        shelf.bodies[document(FASTER).hash] = FASTER
        await until(documents.changed.is_set)
    assert [m for m in caplog.messages if "cannot be had" in m] == ["document settings cannot be had: not there"]


async def test_a_document_that_cannot_be_had_does_not_keep_the_others_waiting(config: EdgeConfig) -> None:
    missing = document(WRONG, "light")
    async with following(config, Shelf(FASTER)) as documents:
        documents.submit(Desired(documents=(missing, document(FASTER))))
        await until(documents.changed.is_set)
        assert documents.holdings.held == (document(FASTER),)
        assert not documents.holdings.refused


async def test_what_was_in_force_is_in_force_after_a_restart_and_ends_when_it_is_no_longer_desired(
    config: EdgeConfig,
) -> None:
    async with following(config, Shelf(FASTER)) as documents:
        documents.submit(desired(FASTER))
        await until(documents.changed.is_set)
    async with following(config, Shelf()) as documents:
        assert in_force(documents.config)[0] == timedelta(seconds=10)
        assert documents.holdings.held == (document(FASTER),)
        documents.submit(desired())
        await until(documents.changed.is_set)
        assert documents.config == config
    assert list((config.data.parent / "edge.documents").iterdir()) == []


async def test_a_disk_that_does_not_let_go_of_a_document_does_not_end_the_edge(config: EdgeConfig) -> None:
    folder = config.data.parent / "edge.documents"
    async with following(config, Shelf(FASTER)) as documents:
        documents.submit(desired(FASTER))
        await until(documents.changed.is_set)
        (folder / "settings").unlink()
        (folder / "settings").mkdir()  # what root cannot unlink either
        documents.changed.clear()
        documents.submit(desired())
        await until(documents.changed.is_set)
        assert documents.config == config
        assert documents.holdings.held == ()


async def test_what_no_longer_fits_after_a_restart_is_refused_and_the_edge_starts(config: EdgeConfig) -> None:
    folder = config.data.with_suffix(".documents")
    folder.mkdir()
    (folder / "settings").write_bytes(WRONG)
    async with following(config, Shelf()) as documents:
        assert documents.config == config
        assert documents.holdings.refused[0].hash == document(WRONG).hash


async def serve_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    basic = base64.b64encode(f"{EDGE}:a token".encode()).decode()
    known = f"Authorization: Basic {basic}\r\n" in head and head.startswith("GET /base/api/v1/edge/documents/abc ")
    status, body = ("200 OK", FASTER) if known else ("401 Unauthorized", b"")
    writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
    await writer.drain()


async def test_a_document_is_fetched_with_the_edges_own_token(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("a token\n")
    async with listening(serve_once) as port:
        place = CloudPlace(url=f"http://127.0.0.1:{port}/base/", token_file=token)
        assert await fetch(place, EDGE, "abc") == FASTER
        with pytest.raises(OSError, match="answers 401 Unauthorized"):
            await fetch(place, "HL-E02", "abc")
    with pytest.raises(OSError):
        await fetch(place, EDGE, "abc")


async def test_a_token_that_is_no_text_is_told_like_a_cloud_that_is_away(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_bytes(b"\xff\xfe")
    with pytest.raises(OSError, match="is not UTF-8; write the secret anew"):
        await fetch(CloudPlace(url="http://127.0.0.1:9", token_file=token), EDGE, "abc")


async def test_a_whole_edge_takes_new_settings_without_losing_what_waits(
    tmp_path: Path, broker: Broker, cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    """The agent is put together anew, over the same outbox; the cloud is told what it holds."""
    caplog.set_level(logging.INFO, "edge_agent.desired")
    clock: DomainClock = running_clock()

    async with street(tmp_path, clock) as lit:
        body = f"poll_every: {{{lit.config.id}: 2s}}\n".encode()
        async with serving_document(body) as place:
            role = asyncio.create_task(main.run(configured_with(tmp_path, lit, broker, place), clock))
            try:
                await until(lambda: cloud.readings(lit.lamps[0]))
                await cloud.say(Leaf.DESIRED, wire.encode_message(desired(body)), retain=True)
                await until(lambda: born(cloud)[-1].documents == (document(body),))
                seqs = len(cloud.seqs(Stream.LIVE))
                await until(lambda: len(cloud.seqs(Stream.LIVE)) > seqs)
                await cloud.say(Leaf.DESIRED, wire.encode_message(desired(WRONG)), retain=True)
                await until(lambda: "document settings cannot be had" in caplog.text)
            finally:
                role.cancel()
                await asyncio.gather(role, return_exceptions=True)
    assert {batch.header.epoch for _, batch in cloud.arrived} == {born(cloud)[0].epoch}
    for stream in (Stream.LIVE, Stream.BACKLOG):
        assert sorted(set(cloud.seqs(stream))) == list(range(1, len(set(cloud.seqs(stream))) + 1))


def born(cloud: Cloud) -> list[Birth]:
    return [wire.decode_message(Birth, payload) for payload in cloud.said[Leaf.BIRTH]]


def configured_with(folder: Path, lit: Street, broker: Broker, place: CloudPlace) -> EdgeConfig:
    return configured(folder, lit, broker).model_copy(update={"cloud": place})


@asynccontextmanager
async def serving_document(body: bytes) -> AsyncIterator[CloudPlace]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        known = document(body).hash.encode() in head
        status, answer = ("200 OK", body) if known else ("404 Not Found", b"")
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Length: {len(answer)}\r\nConnection: close\r\n\r\n".encode() + answer
        )
        await writer.drain()

    async with listening(serve) as port:
        yield CloudPlace(url=f"http://127.0.0.1:{port}", token_file=Path(__file__))
