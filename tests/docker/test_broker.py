"""The deployment's own mosquitto.conf on a real mosquitto: who has which certificate may do what."""

import asyncio
import signal
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiomqtt
import pytest

from cloud.ingest.inbox import Inbox
from cloud.settings import Broker
from haidang.deploy.certificates import Pair, authority, issue
from haidang.deploy.layout import lay_out
from protocols import topics, wire
from protocols.topics import Leaf, Stream
from protocols.wire import Birth
from tests.cloud.clocks import EVENING
from tests.cloud.ingest.batches import payload
from tests.cloud.ingest.receiving import Heard, receiving
from tests.docker.deployments import HOST, SITE, Deployment, compose, deployed
from tests.waiting import until, until_async

LIVE = topics.topic(SITE, "HL-E01", Stream.LIVE)
COMMAND = topics.topic(SITE, "HL-E01", Leaf.COMMAND)


@pytest.fixture
async def mosquitto(pattern: Deployment) -> AsyncIterator[Deployment]:
    """The broker of a deployment with two edges."""
    async with deployed(pattern) as deployment:
        await deployment.start_broker()
        yield deployment


def edge(deployment: Deployment, name: str, **more: object) -> aiomqtt.Client:
    return deployment.client(f"edges/{name}", name, **more)


async def first(client: aiomqtt.Client) -> tuple[str, object]:
    async with asyncio.timeout(20):
        message = await anext(aiter(client.messages))
    return str(message.topic), message.payload


async def test_mosquitto_lets_an_edge_write_under_its_own_name_only(mosquitto: Deployment) -> None:
    async with mosquitto.client("monitor", "monitor") as monitor, edge(mosquitto, "HL-E02") as forger:
        await monitor.subscribe(f"{topics.ROOT}/{SITE}/#", qos=1)
        await forger.publish(LIVE, b"forged", qos=1)
        await forger.publish(topics.topic(SITE, "HL-E02", Stream.LIVE), b"mine", qos=1)
        assert await first(monitor) == (topics.topic(SITE, "HL-E02", Stream.LIVE), b"mine")


async def test_mosquitto_shows_an_edge_what_is_for_it_only(mosquitto: Deployment) -> None:
    async with edge(mosquitto, "HL-E02") as listener, mosquitto.client("cloud", "cloud") as cloud:
        await listener.subscribe("#", qos=1)
        await listener.subscribe(COMMAND, qos=1)
        await cloud.publish(COMMAND, b"not for you", qos=1)
        await cloud.publish(topics.topic(SITE, "HL-E02", Leaf.COMMAND), b"for you", qos=1)
        assert (await first(listener))[1] == b"for you"


async def test_mosquitto_believes_the_certificate_and_not_the_name_that_is_given(mosquitto: Deployment) -> None:
    async with mosquitto.client("monitor", "monitor") as monitor:
        await monitor.subscribe(f"{topics.ROOT}/{SITE}/#", qos=1)
        async with edge(mosquitto, "HL-E02", username="cloud", password="whatever") as liar:
            await liar.publish(COMMAND, b"lights out", qos=1)
            await liar.publish(topics.topic(SITE, "HL-E02", Stream.LIVE), b"mine", qos=1)
        assert (await first(monitor))[1] == b"mine"


async def test_mosquitto_keeps_a_queue_from_who_takes_its_owner_s_client_id(mosquitto: Deployment) -> None:
    async with edge(mosquitto, "HL-E01", clean_session=False) as owner:
        await owner.subscribe(COMMAND, qos=1)
    async with mosquitto.client("cloud", "cloud") as cloud:
        await cloud.publish(COMMAND, b"for the owner", qos=1)
    async with edge(mosquitto, "HL-E02", identifier="HL-E01", clean_session=False):
        pass
    async with edge(mosquitto, "HL-E02", identifier="HL-E01", clean_session=True):
        pass
    async with edge(mosquitto, "HL-E01", clean_session=False) as owner:
        assert await first(owner) == (COMMAND, b"for the owner")


async def test_mosquitto_does_not_throw_an_owner_out_for_who_gives_its_client_id(mosquitto: Deployment) -> None:
    async with edge(mosquitto, "HL-E01") as owner, mosquitto.client("cloud", "cloud") as cloud:
        await owner.subscribe(COMMAND, qos=1)
        async with edge(mosquitto, "HL-E02", identifier="HL-E01"):
            await cloud.publish(COMMAND, b"for the owner", qos=1)
            assert await first(owner) == (COMMAND, b"for the owner")


async def test_mosquitto_speaks_no_last_will_in_another_edge_s_name(mosquitto: Deployment) -> None:
    """Nor keeps it. The broker has done with a connection when the next of the same name is there."""
    forged, own = (topics.topic(SITE, name, Leaf.STATE) for name in ("HL-E01", "HL-E02"))
    async with mosquitto.client("monitor", "monitor") as monitor:
        await monitor.subscribe(f"{topics.ROOT}/{SITE}/#", qos=1)
        for topic in (forged, own):
            await _die(edge(mosquitto, "HL-E02", will=aiomqtt.Will(topic, b"offline", qos=1, retain=True)))
        async with edge(mosquitto, "HL-E02"):
            assert await first(monitor) == (own, b"offline")
    async with mosquitto.client("monitor", "monitor") as later:
        await later.subscribe([(forged, 1), (own, 1)])
        assert await first(later) == (own, b"offline")


async def _die(client: aiomqtt.Client) -> None:
    """Go without a farewell."""
    async with client:
        line = client._client.socket()
        assert isinstance(line, socket.socket)
        line.shutdown(socket.SHUT_RDWR)
        with pytest.raises(aiomqtt.MqttError):
            await client._disconnected


async def test_mosquitto_lets_nobody_in_without_a_certificate(mosquitto: Deployment) -> None:
    authorities = aiomqtt.TLSParameters(str(mosquitto.folder / "broker" / "ca.crt"))
    with pytest.raises(aiomqtt.MqttError):
        await _visit(mosquitto.client("monitor", "monitor", tls_params=authorities, username="cloud", timeout=5))


async def test_mosquitto_refuses_a_certificate_of_another_authority(mosquitto: Deployment, tmp_path: Path) -> None:
    forged = Pair.in_folder(tmp_path, "cloud")
    issue(authority(tmp_path, SITE), forged, "cloud")
    files = aiomqtt.TLSParameters(str(mosquitto.folder / "broker" / "ca.crt"), str(forged.certificate), str(forged.key))
    with pytest.raises(aiomqtt.MqttError):
        await _visit(mosquitto.client("cloud", "cloud", tls_params=files, timeout=5))


async def test_mosquitto_takes_a_server_s_certificate_for_nobody_s(mosquitto: Deployment) -> None:
    with pytest.raises(aiomqtt.MqttError):
        await _visit(mosquitto.client("broker", "broker", timeout=5))


async def _visit(client: aiomqtt.Client) -> None:
    async with client:
        pass


async def test_mosquitto_is_well_by_the_container_s_own_question(mosquitto: Deployment) -> None:
    said = compose()["services"]["broker"]["healthcheck"]["test"][1:]
    question = [word.replace("$$", "$").replace("8883", str(mosquitto.ports["broker"])) for word in said]
    assert await _ask(mosquitto, question) == 0
    await mosquitto.stop("broker")
    assert await _ask(mosquitto, question) != 0


async def _ask(deployment: Deployment, question: list[str]) -> int:
    silent = asyncio.subprocess.DEVNULL
    asking = await asyncio.create_subprocess_exec(
        *question, cwd=deployment.folder / "broker", stdout=silent, stderr=silent
    )
    return await asyncio.wait_for(asking.wait(), 60)


async def test_who_asks_mosquitto_for_its_health_sees_nothing_of_the_city(mosquitto: Deployment) -> None:
    async with mosquitto.client("broker", "health") as health, edge(mosquitto, "HL-E01") as writer:
        await health.subscribe("#", qos=1)
        await health.subscribe("$SYS/broker/uptime", qos=1)
        await writer.publish(LIVE, b"mine", qos=1)
        assert (await first(health))[0] == "$SYS/broker/uptime"


def cloud_of(deployment: Deployment) -> Broker:
    """As the deployment's cloud.yaml says it."""
    return Broker(host=HOST, port=deployment.ports["broker"], tls=deployment.tls("cloud", "cloud"))


async def test_batches_come_over_tls_from_mosquitto_into_the_inbox(mosquitto: Deployment, tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox.sqlite")
    async with edge(mosquitto, "HL-E01") as sender:
        await sender.subscribe(COMMAND, qos=1)
        async with receiving(cloud_of(mosquitto), inbox) as receiver:
            sender.pending_calls_threshold = 2_000
            await asyncio.gather(*(sender.publish(LIVE, payload(seq), qos=1) for seq in range(1, 1_001)))
            await until(lambda: len(inbox.after(0, 2_000)) == 1_000)
            receiver.publish(COMMAND, b"and back")
            assert await first(sender) == (COMMAND, b"and back")
    inbox.close()


async def test_one_small_message_over_tls_is_not_left_in_a_buffer(mosquitto: Deployment, tmp_path: Path) -> None:
    inbox, heard = Inbox(tmp_path / "inbox.sqlite"), Heard()
    births = [Birth(epoch=f"e{n}", software="test", at=EVENING) for n in range(20)]
    async with edge(mosquitto, "HL-E01") as sender, receiving(cloud_of(mosquitto), inbox, heard):
        for birth in births:
            await sender.publish(topics.topic(SITE, "HL-E01", Leaf.BIRTH), wire.encode_message(birth), qos=1)
            await until(lambda sent=birth: ("HL-E01", sent) in heard.statuses)  # type: ignore[misc]  # bound per turn
    inbox.close()


async def test_the_cloud_finds_a_mosquitto_that_comes_back_with_a_renewed_certificate(
    mosquitto: Deployment, tmp_path: Path
) -> None:
    inbox = Inbox(tmp_path / "inbox.sqlite")
    async with receiving(cloud_of(mosquitto), inbox) as receiver:
        await mosquitto.stop("broker")
        await until(lambda: not receiver.connected)
        for name in ("cloud", "broker"):
            (mosquitto.folder / name / f"{name}.crt").unlink()
        assert lay_out(mosquitto.wish) == ["broker/broker", "cloud/cloud"]
        await mosquitto.start_broker()
        await until(lambda: receiver.connected, timeout_s=60)
        async with edge(mosquitto, "HL-E01") as sender:
            await sender.publish(LIVE, payload(1), qos=1)
        await until(lambda: len(inbox.after(0, 10)) == 1)
    inbox.close()


async def test_the_cloud_does_not_speak_to_a_mosquitto_of_another_authority(
    mosquitto: Deployment, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    authority(tmp_path, "elsewhere")
    inbox, told = Inbox(tmp_path / "inbox.sqlite"), cloud_of(mosquitto)
    assert told.tls is not None
    wrong = told.model_copy(update={"tls": told.tls.model_copy(update={"ca": tmp_path / "ca.crt"})})
    trying = asyncio.create_task(_stay(wrong, inbox))
    await until(lambda: any("certificate verify failed" in message for message in caplog.messages))
    assert not trying.done()
    trying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await trying
    inbox.close()


async def _stay(told: Broker, inbox: Inbox) -> None:
    async with receiving(told, inbox):
        await asyncio.Event().wait()


async def served(deployment: Deployment) -> bytes:
    """The certificate that the broker shows."""
    return await asyncio.to_thread(_shown, deployment)


def _shown(deployment: Deployment) -> bytes:
    said = deployment.tls("cloud", "cloud")
    trust = ssl.create_default_context(cafile=said.ca)
    assert said.certificate is not None
    trust.load_cert_chain(said.certificate, said.key)
    plain = socket.create_connection((HOST, deployment.ports["broker"]), 20)
    with plain, trust.wrap_socket(plain, server_hostname=HOST) as secured:
        return secured.getpeercert(binary_form=True) or b""


async def test_mosquitto_takes_new_rights_and_certificates_at_a_hangup(mosquitto: Deployment) -> None:
    before = await served(mosquitto)
    (mosquitto.folder / "broker" / "broker.crt").unlink()
    of = mosquitto.wish.of
    without = replace(of, city=of.city.model_copy(update={"edges": ("HL-E01",)}))
    lay_out(replace(mosquitto.wish, of=without))
    mosquitto.running["broker"].send_signal(signal.SIGHUP)

    async def is_new() -> bool:
        return await served(mosquitto) != before

    await until_async(is_new)
    async with mosquitto.client("monitor", "monitor") as monitor, edge(mosquitto, "HL-E02") as stolen:
        await monitor.subscribe(f"{topics.ROOT}/{SITE}/#", qos=1)
        await stolen.publish(topics.topic(SITE, "HL-E02", Stream.LIVE), b"stolen", qos=1)
        async with edge(mosquitto, "HL-E01") as honest:
            await honest.publish(LIVE, b"mine", qos=1)
        assert await first(monitor) == (LIVE, b"mine")


# Lamps that speak MQTT: one by itself, two behind a gateway.
LINK = """
buses:
  - id: PARK
    link: mqtt
    broker: {host: city, port: 8883, username: HL-E01-devices, tls: {ca: a, certificate: b, key: c}}
    devices: [{id: T1, profile: tasmota-dimmer}, {id: Z1, profile: zigbee2mqtt-dimmer, address: ZB1/Z1}]
"""
EDGE = """edge: HL-E01
site: halong
position: {longitude: 107.08, latitude: 20.95}
timezone: Asia/Ho_Chi_Minh
broker: {host: city, port: 8883, username: HL-E01}
data: HL-E01.sqlite
"""
UNDER = topics.devices(SITE, "HL-E01")


@pytest.fixture
async def with_devices(mosquitto: Deployment) -> Deployment:
    """The same after an edge has been given devices that speak MQTT."""
    (mosquitto.folder / "edges" / "HL-E01" / "edge.yaml").write_text(EDGE + LINK)
    assert lay_out(mosquitto.wish) == ["edges/HL-E01/HL-E01-devices"]
    await mosquitto.stop("broker")
    await mosquitto.start_broker()
    return mosquitto


def device(deployment: Deployment, name: str, password: str | None = None) -> aiomqtt.Client:
    """By the door for devices: it knows the city's authority, and a password."""
    files = aiomqtt.TLSParameters(str(deployment.folder / "broker" / "ca.crt"))
    kept = deployment.folder / "edges" / "HL-E01" / "devices" / name
    said = password or kept.read_text().strip()
    port = deployment.ports["devices"]
    return aiomqtt.Client(HOST, port, identifier="x", username=name, password=said, tls_params=files, timeout=10)


async def test_mosquitto_lets_a_device_reach_its_edge_s_link_and_nothing_else(with_devices: Deployment) -> None:
    async with with_devices.client("edges/HL-E01", "HL-E01-devices") as link, device(with_devices, "T1") as lamp:
        await link.subscribe(f"{UNDER}/#", qos=1)
        await lamp.publish(LIVE, b"forged", qos=1)
        await lamp.publish(f"{UNDER}/ZB1/Z1", b"forged", qos=1)
        await lamp.publish(f"{UNDER}/T1/tele/STATE", b"mine", qos=1)
        assert await first(link) == (f"{UNDER}/T1/tele/STATE", b"mine")


async def test_mosquitto_s_door_for_devices_takes_no_edge_and_no_wrong_password(with_devices: Deployment) -> None:
    for name, password in (("T1", "wrong"), ("HL-E01", "anything"), ("cloud", "anything")):
        with pytest.raises(aiomqtt.MqttError):
            await _visit(device(with_devices, name, password))


async def test_a_device_on_mosquitto_cannot_be_called_like_an_edge(mosquitto: Deployment) -> None:
    taken = (EDGE + LINK).replace("id: T1", "id: HL-E02")
    (mosquitto.folder / "edges" / "HL-E01" / "edge.yaml").write_text(taken)
    before = (mosquitto.folder / "broker" / "acl").read_bytes()
    with pytest.raises(ValueError, match="two on the broker would be called HL-E02"):
        lay_out(mosquitto.wish)
    assert (mosquitto.folder / "broker" / "acl").read_bytes() == before
