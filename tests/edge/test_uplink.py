"""What is in the outbox reaches the cloud, in order, whatever the broker, the cloud and the line do."""

import asyncio
import gc
import getpass
import logging
import socket
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from edge_agent import uplink as uplinks
from edge_agent.config import EdgeConfig, parse_config
from edge_agent.database import Database
from edge_agent.mqtt_config import Tls
from edge_agent.outbox import Outbox
from edge_agent.packing import packed
from edge_agent.pauses import Pause
from edge_agent.uplink import Ears, Uplink
from haidang.demo import broker as brokers
from haidang.demo.ports import free_port
from protocols import wire
from protocols.commands import Command, Group, Resume
from protocols.readings import Reading, tables
from protocols.topics import Leaf, Stream
from protocols.wire import Birth, Mark, Watermark
from tests.edge.clocks import MIDNIGHT, running_clock
from tests.edge.clouds import EDGE, Broker, Cloud, cloud_on
from tests.edge.jobs import at_work
from tests.listening import listening
from tests.ports import wait_for_port
from tests.waiting import until

CONFIG = """\
edge: HL-E01
site: halong
position: {longitude: 107.08, latitude: 20.95}
timezone: Asia/Ho_Chi_Minh
broker: {host: 127.0.0.1}
data: unused
buses:
  - {id: B, address: "127.0.0.1:1", poll_every: 1s, devices: [{id: M, profile: eastron-sdm630, unit: 1}]}
"""
BODY = wire.encode_tables(tables([Reading("M", "meter", 1_800_000_000, {"voltage_l1": 230.1})]))


def configured(broker: Broker | int, **uplink: Any) -> EdgeConfig:
    config = parse_config(CONFIG, "edge.yaml")
    port = broker if isinstance(broker, int) else broker.port
    access = {} if isinstance(broker, int) else {"username": EDGE, "password_file": broker.password_file}
    return config.model_copy(
        update={
            "broker": config.broker.model_copy(update={"port": port, **access}),
            "uplink": config.uplink.model_copy(update=uplink),
        }
    )


@asynccontextmanager
async def up(
    outbox: Outbox,
    config: EdgeConfig,
    on_command: Callable[[Command | Group], None] = lambda _: None,
    patience_s: float = 5.0,
) -> AsyncIterator[Uplink]:
    uplink = Uplink(
        config,
        outbox,
        running_clock(),
        "haidang 0",
        Ears(command=on_command),
        pause=Pause(0.05, 0.1),
        patience_s=patience_s,
    )
    async with at_work(uplink.run()):
        yield uplink


@pytest.fixture
async def uplink(outbox: Outbox, broker: Broker) -> AsyncIterator[Uplink]:
    async with up(outbox, configured(broker)) as uplink:
        yield uplink


async def connected(uplink: Uplink) -> None:
    await until(lambda: uplink.connected)


@pytest.mark.parametrize("broker_kind", ["mosquitto", "nats-server"])
class TestOnEveryBroker:
    """The common ground of MQTT 3.1.1."""

    async def test_what_is_appended_arrives_and_is_forgotten(
        self, outbox: Outbox, broker: Broker, cloud: Cloud
    ) -> None:
        async with up(outbox, configured(broker)):
            await outbox.append(Stream.LIVE, BODY * 3)
            await until(lambda: cloud.seqs(Stream.LIVE) == [1, 2, 3])
            await until(lambda: outbox.shelf(Stream.LIVE).depth == 0)
        assert cloud.readings("M")[0].values == {"voltage_l1": 230.1}

    async def test_an_edge_says_who_it_is_and_when_it_goes(self, outbox: Outbox, broker: Broker, cloud: Cloud) -> None:
        async with up(outbox, configured(broker)) as uplink:
            await connected(uplink)
            await until(lambda: cloud.states() == ["online"])
            birth = wire.decode_message(Birth, cloud.said[Leaf.BIRTH][0])
            assert (birth.epoch, birth.software) == (outbox.epoch, "haidang 0")
        await until(lambda: cloud.states() == ["online", "offline"])

    async def test_an_edge_that_dies_leaves_its_last_will(self, broker: Broker, cloud: Cloud) -> None:
        async with uplinks._client(configured(broker), 5.0) as client:
            await until(lambda: cloud.states() == [])
            sock = client._client.socket()
            assert isinstance(sock, socket.socket)
            sock.shutdown(socket.SHUT_RDWR)
            await until(lambda: cloud.states() == ["offline"])
            with pytest.raises(aiomqtt.MqttError):
                await client._disconnected

    async def test_a_command_comes_through(self, outbox: Outbox, broker: Broker, cloud: Cloud) -> None:
        command = Command(
            id="c1",
            target="M",
            action=Resume(),
            issued_at=MIDNIGHT,
            expires_at=MIDNIGHT + timedelta(minutes=1),
            who="anna",
        )
        commands: list[Command | Group] = []
        async with up(outbox, configured(broker), commands.append) as uplink:
            await connected(uplink)
            await cloud.command(command)
            await until(lambda: commands == [command])


async def test_small_messages_are_not_held_back(broker: Broker) -> None:
    async with uplinks._client(configured(broker), 5.0) as client:
        sock = client._client.socket()
        assert isinstance(sock, socket.socket)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("broker_kind", ["mosquitto"])  # nats-server keeps the order of one topic, not among topics
async def test_events_overtake_live_and_live_overtakes_backlog(outbox: Outbox, broker: Broker, cloud: Cloud) -> None:
    await outbox.append(Stream.BACKLOG, BODY * 2)
    await outbox.append(Stream.LIVE, BODY * 2)
    await outbox.append(Stream.EVENT, BODY)
    async with up(outbox, configured(broker)):
        await until(lambda: len(cloud.arrived) == 5)
    assert cloud.order() == [
        (Stream.EVENT, 1),
        (Stream.LIVE, 1),
        (Stream.LIVE, 2),
        (Stream.BACKLOG, 1),
        (Stream.BACKLOG, 2),
    ]


async def test_live_goes_on_while_the_backlog_drains_at_its_rate(outbox: Outbox, broker: Broker, cloud: Cloud) -> None:
    await outbox.append(Stream.BACKLOG, BODY * 40)
    started = asyncio.get_running_loop().time()
    async with up(outbox, configured(broker, backlog_per_second=20)) as uplink:
        await connected(uplink)
        await outbox.append(uplink.stream_for_readings(), BODY)
        await until(lambda: cloud.seqs(Stream.BACKLOG) == list(range(1, 41)))
        assert asyncio.get_running_loop().time() - started > 39 / 20 - 0.1
    assert cloud.order()[-1] == (Stream.BACKLOG, 40), "the live one did not wait for its end"


async def test_live_is_less_than_two_seconds_late_while_a_long_backlog_drains(
    outbox: Outbox, broker: Broker, cloud: Cloud
) -> None:
    """Counted in batches of the backlog that come first: as many as it gives in two seconds, on any machine."""
    per_second = 50
    await outbox.append(Stream.BACKLOG, BODY * 5000)
    async with up(outbox, configured(broker, backlog_per_second=per_second)) as uplink:
        await connected(uplink)
        await until(lambda: cloud.seqs(Stream.BACKLOG))
        for seq in range(1, 21):
            appended = len(cloud.arrived)
            await outbox.append(Stream.LIVE, BODY)
            await until(lambda seq=seq: (Stream.LIVE, seq) in cloud.order())  # type: ignore[misc]  # bound per turn
            came_first = cloud.order()[appended:].index((Stream.LIVE, seq))
            assert came_first < 2 * per_second
        assert outbox.shelf(Stream.BACKLOG).depth > 0


async def test_readings_are_live_when_connected_and_caught_up(outbox: Outbox, broker: Broker, cloud: Cloud) -> None:
    cloud.answering = False
    async with up(outbox, configured(broker, window=2)) as uplink:
        assert uplink.stream_for_readings() is Stream.BACKLOG
        await connected(uplink)
        assert uplink.stream_for_readings() is Stream.LIVE
        await outbox.append(Stream.LIVE, BODY * 2)
        assert uplink.stream_for_readings() is Stream.BACKLOG
        await until(lambda: cloud.arrived)
        await cloud.acknowledge(live=2)
        await until(lambda: uplink.stream_for_readings() is Stream.LIVE)


async def test_no_more_than_a_window_is_under_way(outbox: Outbox, broker: Broker, cloud: Cloud) -> None:
    cloud.answering = False
    await outbox.append(Stream.LIVE, BODY * 10)
    async with up(outbox, configured(broker, window=3)):
        await until(lambda: cloud.seqs(Stream.LIVE) == [1, 2, 3])
        await cloud.acknowledge(live=2)
        await until(lambda: cloud.seqs(Stream.LIVE) == [1, 2, 3, 4, 5])


async def test_what_had_to_be_dropped_is_declared(database: Database, broker: Broker, cloud: Cloud) -> None:
    poor = await Outbox.load(database, limit=3 * len(packed(BODY[0])))
    await poor.append(Stream.BACKLOG, BODY * 10)
    async with up(poor, configured(broker)):
        await until(lambda: cloud.seqs(Stream.BACKLOG) == [8, 9, 10])
        await until(lambda: poor.shelf(Stream.BACKLOG).depth == 0)
    assert cloud.arrived[0][1].header.floor == 8


async def test_a_batch_that_the_disk_has_damaged_is_declared_and_the_rest_goes_on(
    database: Database, outbox: Outbox, broker: Broker, cloud: Cloud
) -> None:
    await outbox.append(Stream.BACKLOG, BODY * 6)
    spoilt = "UPDATE batch SET body = substr(body, 1, 9) WHERE seq IN (1, 4)"
    await database.run(lambda connection: connection.execute(spoilt).fetchall())
    read = await Outbox.load(database, 1_000_000)  # nothing of it is in memory
    async with up(read, configured(broker)):
        await until(lambda: read.shelf(Stream.BACKLOG).depth == 0)
    assert cloud.seqs(Stream.BACKLOG) == [2, 3, 5, 6]
    assert [batch.header.floor for _, batch in cloud.arrived][:1] == [2]
    assert cloud.arrived[2][1].header.floor == 5
    assert read.shelf(Stream.BACKLOG).dropped == 2


async def test_a_cloud_that_has_restarted_gets_everything_after_its_watermark_again(
    outbox: Outbox, uplink: Uplink, cloud: Cloud
) -> None:
    cloud.answering = False
    await outbox.append(Stream.LIVE, BODY * 4)
    await until(lambda: len(cloud.arrived) == 4)
    await cloud.acknowledge(live=2)
    await until(lambda: outbox.floor(Stream.LIVE) == 3)
    cloud.boot = "boot-2"
    await cloud.acknowledge(live=2)
    await until(lambda: cloud.seqs(Stream.LIVE) == [1, 2, 3, 4, 3, 4])
    assert cloud.arrived[-1][1].header.floor == 3


async def test_a_cloud_that_comes_later_than_the_edge_gets_everything_at_once(
    outbox: Outbox, broker: Broker, uplink: Uplink
) -> None:
    """What was published while nobody had subscribed is gone; the first watermark says that somebody has."""
    await outbox.append(Stream.LIVE, BODY * 3)
    await until(lambda: uplink.connected and uplink._flow.wish(0) is None)
    async with cloud_on(broker) as cloud:
        cloud.answering = False
        await cloud.acknowledge()
        await until(lambda: cloud.seqs(Stream.LIVE) == [1, 2, 3])


async def test_what_was_lost_on_the_way_is_sent_again_after_a_while(
    outbox: Outbox, broker: Broker, cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    cloud.answering = False
    await outbox.append(Stream.LIVE, BODY * 3)
    async with up(outbox, configured(broker, stall_after=timedelta(seconds=0.2))):
        await until(lambda: cloud.seqs(Stream.LIVE)[:5] == [1, 2, 3, 1, 1])
        known = len(cloud.seqs(Stream.LIVE))
        await cloud.acknowledge(live=1)
        await until(lambda: [seq for seq in cloud.seqs(Stream.LIVE)[known:] if seq > 1][:2] == [2, 3])
        await cloud.acknowledge(live=3)
        await until(lambda: outbox.shelf(Stream.LIVE).depth == 0)
    assert [record.getMessage() for record in caplog.records if "acknowledge" in record.getMessage()] == [
        "the cloud does not acknowledge live; its oldest batch is sent again"
    ]


async def test_a_broker_that_lost_everything_costs_nothing(
    outbox: Outbox, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    config = configured(broker, stall_after=timedelta(seconds=0.5))
    async with up(outbox, config) as uplink:
        async with cloud_on(broker) as first:
            await outbox.append(Stream.LIVE, BODY * 2)
            await until(lambda: outbox.shelf(Stream.LIVE).depth == 0)
            first.answering = False
            await outbox.append(Stream.LIVE, BODY * 2)
            await until(lambda: first.seqs(Stream.LIVE)[:4] == [1, 2, 3, 4])  # and then the oldest again and again
        await broker.stop()
        await until(lambda: not uplink.connected)
        await outbox.append(uplink.stream_for_readings(), BODY)
        await broker.start()
        async with cloud_on(broker) as second:
            second.held[outbox.epoch, Stream.LIVE] = 2
            await until(lambda: outbox.shelf(Stream.LIVE).depth == outbox.shelf(Stream.BACKLOG).depth == 0)
            assert set(second.seqs(Stream.LIVE)) == {3, 4}
            assert set(second.seqs(Stream.BACKLOG)) == {1}
    lines = [record.getMessage() for record in caplog.records if "to the cloud" in record.getMessage()]
    assert len(lines) == 2
    assert lines[0].startswith("no connection to the cloud: ")
    assert lines[1].startswith("connected to the cloud again after ")


async def test_a_broker_that_is_not_there_yet_is_waited_for(outbox: Outbox, broker: Broker) -> None:
    await broker.stop()
    async with up(outbox, configured(broker)) as uplink:
        await outbox.append(uplink.stream_for_readings(), BODY)
        await broker.start()
        async with cloud_on(broker) as cloud:
            await until(lambda: outbox.shelf(Stream.BACKLOG).depth == 0)
            assert 1 in cloud.seqs(Stream.BACKLOG)


async def test_a_wrong_password_is_told_and_a_new_one_needs_no_restart(
    outbox: Outbox, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    right = broker.password_file.read_text()
    broker.password_file.write_text("wrong")
    async with up(outbox, configured(broker)) as uplink:
        await until(lambda: "no connection to the cloud" in caplog.text)
        broker.password_file.write_text(right + "\n")
        await connected(uplink)


@pytest.mark.parametrize(
    ("leaf", "payload"),
    [
        (Leaf.WATERMARK, b"\xff\x00"),
        (Leaf.WATERMARK, b"[]"),
        (Leaf.WATERMARK, b'{"v":1,"boot":"b","marks":[{"epoch":"e","stream":"live","seq":-1}]}'),
        (Leaf.WATERMARK, b'{"v":2}'),
        (Leaf.WATERMARK, b""),
        (Leaf.COMMAND, b"{"),
        (Leaf.COMMAND, b'{"v":1,"id":"../..","target":"M","action":{"type":"resume"}}'),
        (Leaf.COMMAND, b"[" * 60_000),
        (Leaf.DESIRED, b"whatever"),
        (Leaf.AUDIT_HEAD, b'{"v":1,"site":"halong","seq":0}'),
    ],
)
async def test_nonsense_from_the_cloud_changes_nothing(
    outbox: Outbox, broker: Broker, cloud: Cloud, leaf: Leaf, payload: bytes
) -> None:
    commands: list[Command | Group] = []
    async with up(outbox, configured(broker), commands.append) as uplink:
        await connected(uplink)
        await cloud.say(leaf, payload)
        await outbox.append(Stream.LIVE, BODY)
        await until(lambda: outbox.shelf(Stream.LIVE).depth == 0)
        assert uplink.connected
        assert commands == []


async def test_an_old_copy_of_the_outbox_is_born_again_under_a_new_epoch(
    outbox: Outbox, uplink: Uplink, cloud: Cloud
) -> None:
    old = outbox.epoch
    cloud.answering = False
    await outbox.append(Stream.LIVE, BODY * 2)
    await until(lambda: len(cloud.arrived) == 2)
    ahead = Watermark(boot="boot-1", marks=(Mark(epoch=old, stream=Stream.LIVE, seq=50),))
    await cloud.say(Leaf.WATERMARK, wire.encode_message(ahead), retain=True)
    await until(lambda: len(cloud.said[Leaf.BIRTH]) == 2)
    assert wire.decode_message(Birth, cloud.said[Leaf.BIRTH][1]).epoch == outbox.epoch != old
    born_again = [(outbox.epoch, 1), (outbox.epoch, 2)]  # twice, when the retained watermark comes after them
    await until(lambda: [(batch.header.epoch, batch.header.seq) for _, batch in cloud.arrived][-2:] == born_again)
    assert {batch.header.epoch for _, batch in cloud.arrived} == {old, outbox.epoch}
    cloud.held.clear()
    await cloud.acknowledge(live=2)
    await until(lambda: outbox.shelf(Stream.LIVE).depth == 0)


CONNECT, PUBLISH, SUBSCRIBE = 1, 3, 8  # MQTT 3.1.1, 2.2.1


async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hangs_up_at: int | None = None) -> None:
    """A broker that greets, grants and confirms birth and state, and then never says anything again; or one that hangs
    up instead of answering the first packet of a kind."""
    confirmed = 0
    while True:
        kind = (await reader.readexactly(1))[0] >> 4
        length, shift = 0, 0
        while True:
            byte = (await reader.readexactly(1))[0]
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        body = await reader.readexactly(length)
        if kind == hangs_up_at:
            return
        if kind == CONNECT:
            writer.write(b"\x20\x02\x00\x00")
        elif kind == SUBSCRIBE:
            writer.write(b"\x90\x05" + body[:2] + b"\x01\x01\x01")
        elif kind == PUBLISH and confirmed < 2:
            confirmed += 1
            after_topic = 2 + int.from_bytes(body[:2], "big")
            writer.write(b"\x40\x02" + body[after_topic : after_topic + 2])


async def test_a_broker_that_never_confirms_does_not_hold_the_edge(
    outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    connections = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        await mute(reader, writer)

    await outbox.append(Stream.LIVE, BODY * 3)
    async with listening(serve) as port, up(outbox, configured(port), patience_s=0.2):
        await until(lambda: len(connections) >= 3)
    assert "no connection to the cloud: Operation timed out" in caplog.text
    assert outbox.shelf(Stream.LIVE).depth == 3


@pytest.mark.parametrize("asked", [CONNECT, SUBSCRIBE, PUBLISH])
async def test_a_connection_that_is_lost_before_the_answer_is_made_again_at_once(
    outbox: Outbox, caplog: pytest.LogCaptureFixture, asked: int
) -> None:
    """As by a proxy whose broker is away: it takes the connection, and hangs up."""
    connections = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        await mute(reader, writer, hangs_up_at=asked)

    async with listening(serve) as port, up(outbox, configured(port), patience_s=600.0):
        await until(lambda: len(connections) >= 3)
    assert "no connection to the cloud: " in caplog.text
    gc.collect()
    assert "never retrieved" not in caplog.text


def certificates(folder: Path) -> None:
    """A city's authority with a certificate for the broker and one for the edge."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
    openssl(*new, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=city")
    for name, subject in (("broker", "localhost"), ("edge", EDGE)):
        signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", f"subjectAltName=DNS:{subject},IP:127.0.0.1"]
        openssl(*new, *signed, "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={subject}")


MUTUAL_TLS = """\
listener {port} 127.0.0.1
cafile {folder}/ca.pem
certfile {folder}/broker.pem
keyfile {folder}/broker.key
require_certificate true
use_identity_as_username true
user {user}
"""


@pytest.mark.skipif(brokers.mosquitto() is None, reason="mosquitto is not on this machine: apt install mosquitto")
async def test_both_sides_show_a_certificate(outbox: Outbox, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    certificates(tmp_path)
    port = free_port()
    config = tmp_path / "mosquitto.conf"
    config.write_text(MUTUAL_TLS.format(port=port, folder=tmp_path, user=getpass.getuser()))
    mosquitto = await asyncio.create_subprocess_exec(
        str(brokers.mosquitto()), "-c", str(config), stderr=subprocess.DEVNULL
    )
    try:
        await wait_for_port(port)
        tls = Tls(ca=tmp_path / "ca.pem", certificate=tmp_path / "edge.pem", key=tmp_path / "edge.key")
        secure = configured(port)
        secure = secure.model_copy(update={"broker": secure.broker.model_copy(update={"tls": tls})})
        async with up(outbox, secure) as uplink:
            await connected(uplink)
        stranger = Tls(ca=tmp_path / "edge.pem")
        strange = secure.model_copy(update={"broker": secure.broker.model_copy(update={"tls": stranger})})
        async with up(outbox, strange):
            await until(lambda: "no connection to the cloud" in caplog.text)
        assert "certificate verify failed" in caplog.text
    finally:
        mosquitto.terminate()
        await mosquitto.wait()
