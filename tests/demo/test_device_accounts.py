"""What a device's account reaches on a real broker, and what it does not: other devices, edges, everything."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import pytest

from edge_agent.mqtt_config import MqttBus
from haidang.access import link_permissions
from haidang.demo import broker as brokers
from haidang.demo.accounts import Account, accounts
from haidang.demo.supervisor import Child, end
from tests.ports import free_port, wait_for_port

SITE = "halong"
HERE, THERE = f"haidang-devices/{SITE}/HL-E01", f"haidang-devices/{SITE}/HL-E02"
EDGE = """\
edge: {edge}
site: halong
position: {{longitude: 107.08, latitude: 20.95}}
timezone: Asia/Ho_Chi_Minh
broker: {{host: 127.0.0.1, port: {port}, username: {edge}}}
data: {edge}.sqlite
buses:
  - id: {edge}-MQTT
    link: mqtt
    broker: {{host: 127.0.0.1, port: {port}, username: {edge}-devices}}
    devices: [{devices}]
"""
DEVICES = {
    "HL-E01": "{id: T1, profile: tasmota-dimmer}, {id: N1, profile: nbiot-street-node},"
    " {id: Z1, profile: zigbee2mqtt-dimmer, address: ZB1/Z1}, {id: Z2, profile: zigbee2mqtt-dimmer, address: ZB1/Z2}",
    "HL-E02": "{id: T2, profile: tasmota-dimmer}",
}

Who = dict[str, Account]


@pytest.fixture(params=["mosquitto", "nats-server"])
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[int, Who]]:
    port = free_port()
    (tmp_path / "edges").mkdir()
    for edge, devices in DEVICES.items():
        (tmp_path / "edges" / f"{edge}.yaml").write_text(EDGE.format(edge=edge, port=port, devices=devices))
    everyone = accounts(SITE, list(DEVICES), tmp_path)
    prepared = brokers.prepare(tmp_path / "broker", port, everyone, request.param)
    with (tmp_path / "log").open("wb") as log:
        child = Child("broker", prepared.command, tmp_path / "log")
        child.process = await asyncio.create_subprocess_exec(*prepared.command, stdout=log, stderr=log)
    try:
        await wait_for_port(port)
        yield port, {a.user: a for a in everyone}
    finally:
        await end(child)


def client(port: int, account: Account) -> aiomqtt.Client:
    return aiomqtt.Client("127.0.0.1", port, identifier=account.user, username=account.user, password=account.password)


async def first(receiver: aiomqtt.Client) -> tuple[str, object]:
    async with asyncio.timeout(30):
        message = await anext(aiter(receiver.messages))
    return str(message.topic), message.payload


async def test_every_device_and_every_link_has_an_account_of_its_own(broker: tuple[int, Who], tmp_path: Path) -> None:
    _, who = broker
    assert {"HL-E01-devices", "HL-E02-devices", "T1", "T2", "N1", "ZB1"} <= set(who)
    assert "Z1" not in who, "its gateway speaks for it"
    assert who["T1"].reads == [f"{HERE}/T1/cmnd/{word}" for word in ("Dimmer", "Power", "TelePeriod")]
    assert len({account.password for account in who.values()}) == len(who)
    assert {file.name for file in (tmp_path / "devices").iterdir()} == {"T1", "T2", "N1", "ZB1"}
    assert all(file.stat().st_mode & 0o077 == 0 for file in (tmp_path / "devices").iterdir())


@pytest.mark.parametrize(
    ("attacker", "forged", "speaker", "listener"),
    [
        ("T1", f"{HERE}/N1/up", "N1", "HL-E01-devices"),  # another device's word
        ("T1", f"{HERE}/N1/down", "HL-E01-devices", "N1"),  # an order to another device
        ("T1", f"{HERE}/T1/cmnd/Dimmer", "HL-E01-devices", "T1"),  # an order to itself, as if it came from the edge
        ("T1", f"{HERE}/ZB1/Z1", "ZB1", "HL-E01-devices"),
        ("T1", f"{THERE}/T2/tele/STATE", "T2", "HL-E02-devices"),  # a device of another edge
        ("T1", f"haidang/v1/{SITE}/HL-E01/live", "HL-E01", "cloud"),  # the edge's own word
        ("T1", f"haidang/v1/{SITE}/HL-E01/command", "cloud", "HL-E01"),  # the cloud's
        ("ZB1", f"{HERE}/T1/tele/STATE", "T1", "HL-E01-devices"),
        ("ZB1", f"{HERE}/ZB2/Z1", "HL-E01-devices", "HL-E01-devices"),
        ("ZB1", f"haidang/v1/{SITE}/HL-E01/event", "HL-E01", "cloud"),
        ("HL-E01-devices", f"{THERE}/T2/cmnd/Dimmer", "HL-E02-devices", "T2"),  # another edge's device
        ("HL-E01-devices", f"haidang/v1/{SITE}/HL-E01/live", "HL-E01", "cloud"),  # the link is not the edge
        ("HL-E01", f"{HERE}/T1/cmnd/Dimmer", "HL-E01-devices", "T1"),  # nor the edge its link
    ],
)
async def test_nobody_speaks_for_another(
    broker: tuple[int, Who], attacker: str, forged: str, speaker: str, listener: str
) -> None:
    """Whoever may read the topic hears the honest message, and nothing before it."""
    port, who = broker
    async with contextlib.AsyncExitStack() as stack:
        connected = {
            user: await stack.enter_async_context(client(port, who[user]))
            for user in sorted({attacker, speaker, listener})
        }
        await connected[listener].subscribe(forged, qos=1)
        await connected[attacker].publish(forged, b"forged", qos=1)
        await connected[speaker].publish(forged, b"honest", qos=1)
        assert await first(connected[listener]) == (forged, b"honest")


@pytest.mark.parametrize("attacker", ["T1", "N1", "ZB1"])
@pytest.mark.parametrize("wanted", ["#", "haidang-devices/#", f"{HERE}/#", f"{HERE}/+/cmnd/Dimmer", "haidang/v1/#"])
async def test_nobody_listens_to_another(broker: tuple[int, Who], attacker: str, wanted: str) -> None:
    """mosquitto grants the subscription and delivers nothing of it; nats-server refuses it. Only its own arrives."""
    port, who = broker
    own = {"T1": f"{HERE}/T1/cmnd/Dimmer", "N1": f"{HERE}/N1/down", "ZB1": f"{HERE}/ZB1/Z1/set"}[attacker]
    async with client(port, who[attacker]) as listens:
        await listens.subscribe(wanted, qos=1)
        await listens.subscribe(own, qos=1)
        async with client(port, who["HL-E01-devices"]) as link, client(port, who["HL-E02-devices"]) as other:
            await other.publish(f"{THERE}/T2/cmnd/Dimmer", b"secret", qos=1)
            for topic in ("T1/cmnd/Dimmer", "N1/down", "ZB1/Z1/set", "T1/tele/STATE"):
                if f"{HERE}/{topic}" != own:
                    await link.publish(f"{HERE}/{topic}", b"secret", qos=1)
        async with client(port, who["cloud"]) as cloud:
            await cloud.publish(f"haidang/v1/{SITE}/HL-E01/command", b"secret", qos=1)
        async with client(port, who["HL-E01-devices"]) as link:
            await link.publish(own, b"for you", qos=1)
        assert await first(listens) == (own, b"for you")


async def test_the_link_hears_and_tells_every_device_of_its_edge(broker: tuple[int, Who]) -> None:
    port, who = broker
    async with client(port, who["HL-E01-devices"]) as link, client(port, who["N1"]) as node:
        await link.subscribe(f"{HERE}/#", qos=1)
        await node.subscribe(f"{HERE}/N1/down", qos=1)
        await node.publish(f"{HERE}/N1/up", b"hello", qos=1)
        assert await first(link) == (f"{HERE}/N1/up", b"hello")
        await link.publish(f"{HERE}/N1/down", b"40", qos=1)
        assert await first(node) == (f"{HERE}/N1/down", b"40")


@pytest.mark.parametrize("name", ["x\ntopic readwrite #", "../cloud/cloud", "24:6F:28", "a b", "#x", ""])
def test_no_name_of_an_account_is_a_line_or_a_path_of_its_own(name: str) -> None:
    account = {"host": "den.example", "username": name}
    lamp = {"id": "T1", "profile": "tasmota-dimmer"}
    bus = MqttBus.model_validate({"id": "M", "link": "mqtt", "broker": account, "devices": [lamp]})
    with pytest.raises(ValueError, match="letters, digits"):
        link_permissions(bus, SITE, "HL-E01")


@pytest.mark.parametrize("address", ["24:6F:28", "..", "24:6F:28/1"])
def test_a_device_whose_address_is_no_name_of_an_account_is_told_what_would_be(address: str) -> None:
    lamp = {"id": "T1", "profile": "tasmota-dimmer", "address": address}
    account = {"host": "den.example", "username": "E1"}
    bus = MqttBus.model_validate({"id": "M", "link": "mqtt", "broker": account, "devices": [lamp]})
    with pytest.raises(ValueError, match="letters, digits"):
        link_permissions(bus, SITE, "HL-E01")
