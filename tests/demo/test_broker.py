"""The demo's brokers: who may do what, on the real mosquitto and the real nats-server."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import pytest

from haidang.demo import broker as brokers
from haidang.demo.accounts import Account, accounts
from haidang.demo.supervisor import Child, end
from tests.ports import free_port, wait_for_port

SITE = "halong"


@pytest.fixture(params=["mosquitto", "nats-server"])
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[int, dict[str, Account]]]:
    port = free_port()
    everyone = accounts(SITE, ["HL-E01", "HL-E02"], tmp_path)
    prepared = brokers.prepare(tmp_path / "broker", port, everyone, request.param)
    assert prepared.name == request.param
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


async def test_the_monitor_sees_what_an_edge_says_and_nothing_that_was_forged(
    broker: tuple[int, dict[str, Account]],
) -> None:
    port, who = broker
    async with client(port, who["monitor"]) as monitor, client(port, who["HL-E01"]) as edge:
        await monitor.subscribe(f"haidang/v1/{SITE}/#", qos=1)
        await edge.publish(f"haidang/v1/{SITE}/HL-E02/live", b"forged", qos=1)
        await edge.publish(f"haidang/v1/{SITE}/HL-E01/live", b"mine", qos=1)
        async with asyncio.timeout(30):
            message = await anext(aiter(monitor.messages))
    assert (str(message.topic), message.payload) == (f"haidang/v1/{SITE}/HL-E01/live", b"mine")


async def test_the_monitor_can_only_watch(broker: tuple[int, dict[str, Account]]) -> None:
    port, who = broker
    async with client(port, who["HL-E01"]) as edge, client(port, who["monitor"]) as monitor:
        await edge.subscribe(f"haidang/v1/{SITE}/HL-E01/command", qos=1)
        await monitor.publish(f"haidang/v1/{SITE}/HL-E01/command", b"lights out", qos=1)
        async with client(port, who["cloud"]) as cloud:
            await cloud.publish(f"haidang/v1/{SITE}/HL-E01/command", b"from the cloud", qos=1)
            async with asyncio.timeout(30):
                message = await anext(aiter(edge.messages))
    assert message.payload == b"from the cloud"


async def test_what_is_retained_reaches_who_comes_later(broker: tuple[int, dict[str, Account]]) -> None:
    port, who = broker
    async with client(port, who["HL-E01"]) as edge:
        await edge.publish(f"haidang/v1/{SITE}/HL-E01/birth", b"hello", qos=1, retain=True)
    async with client(port, who["monitor"]) as monitor:
        await monitor.subscribe(f"haidang/v1/{SITE}/#", qos=1)
        async with asyncio.timeout(30):
            message = await anext(aiter(monitor.messages))
    assert message.retain
    assert message.payload == b"hello"


async def test_a_broker_that_runs_already_is_told_its_accounts(
    broker: tuple[int, dict[str, Account]], tmp_path: Path
) -> None:
    port, who = broker
    there = brokers.elsewhere(tmp_path / "theirs", f"mqtt://127.0.0.1:{port}", list(who.values()))
    assert (there.host, there.port, there.command) == ("127.0.0.1", port, [])
    assert {line.split(":")[0] for line in (tmp_path / "theirs" / "passwords").read_text().split()} == who.keys()
    assert f"topic write haidang/v1/{SITE}/HL-E01/live" in (tmp_path / "theirs" / "acl").read_text()


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:1883",
        "mqtts://broker",
        "mqtt://",
        "mqtt://me:secret@broker",
        "http://x",
        "mqtt://h:99999",
        "mqtt://[::1",
    ],
)
def test_an_address_that_is_none_is_refused_with_what_would_be_right(url: str) -> None:
    with pytest.raises(ValueError, match=r"write mqtt://HOST:PORT"):
        brokers.address(url)


@pytest.mark.parametrize("user", ["HL-E01", "nobody", ""])
async def test_nobody_comes_in_without_the_right_password(broker: tuple[int, dict[str, Account]], user: str) -> None:
    port, _ = broker
    wrong = Account(user or "anonymous", "wrong", [], [])
    with pytest.raises(aiomqtt.MqttError):
        async with aiomqtt.Client(
            "127.0.0.1", port, identifier="x", username=user or None, password=wrong.password if user else None
        ):
            pass
