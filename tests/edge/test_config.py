"""A mistake in edge.yaml is answered with file, line, key and advice."""

from datetime import timedelta
from pathlib import Path

import pytest

from edge_agent.config import RtuTcpBus, SerialBus, TcpBus, load_config, parse_config
from protocols.config import ConfigError

GOOD = """\
edge: HL-E01
site: halong
position: {longitude: 107.08, latitude: 20.95}
timezone: Asia/Ho_Chi_Minh
broker: {host: 127.0.0.1, port: 1883, username: HL-E01, password_file: secrets/HL-E01}
data: HL-E01.sqlite
buses:
  - id: HL-TC001
    link: modbus-tcp
    address: 127.0.0.1:15020
    poll_every: 10s
    devices:
      - {id: HL-TC001-M, profile: eastron-sdm630, unit: 1}
      - {id: HL-000001, profile: haidang-segment-controller, unit: 11, block: 0}
      - {id: HL-000002, profile: haidang-segment-controller, unit: 11, block: 1}
"""


def told(text: str) -> str:
    with pytest.raises(ConfigError) as refused:
        parse_config(text, "edge.yaml")
    return str(refused.value)


def test_the_documented_example_is_accepted_with_its_defaults() -> None:
    edge = parse_config(GOOD, "edge.yaml")
    assert isinstance(edge.modbus[0], TcpBus)
    assert (edge.modbus[0].host, edge.modbus[0].port) == ("127.0.0.1", 15020)
    assert edge.modbus[0].timeout == timedelta(seconds=1)
    assert edge.uplink.stall_after == timedelta(seconds=30)
    assert edge.uplink.backlog_per_second == 20
    assert edge.outbox_limit == 256_000_000


@pytest.mark.parametrize(
    ("wrong", "right", "answer"),
    [
        ("poll_every: 10s", "poll_every: 0.2s", "11: buses[0].poll_every: 0.2s is too short; give 1s or more"),
        (
            "poll_every: 10s",
            "poll_every: 10s\n    timout: 1s",
            "12: buses[0].timout: unknown key; did you mean `timeout`?",
        ),
        (
            "profile: eastron-sdm630",
            "profile: eastron-sdm360",
            "13: buses[0].devices[0].profile: unknown profile 'eastron-sdm360'; did you mean `eastron-sdm630`?",
        ),
        (
            "id: HL-000002",
            "id: HL-000001",
            "15: buses[0].devices[2].id: HL-000001 stands twice; every id names one thing",
        ),
        (
            "block: 1}",
            "block: 0}",
            "15: buses[0].devices[2].unit: unit 11, block 0 is HL-000001 already; two devices cannot share it",
        ),
        (
            "block: 1}",
            "block: 2048}",
            "15: buses[0].devices[2].block: 2048 is past the last register; at most 2047",
        ),
        (
            "unit: 1}",
            "unit: 1, block: 3}",
            "13: buses[0].devices[0].block: eastron-sdm630 has no blocks; take `block` out",
        ),
        (
            "127.0.0.1:15020",
            "127.0.0.1",
            "10: buses[0].address: '127.0.0.1' has no port; write host and port, as in 192.168.1.20:502",
        ),
        (
            "timezone: Asia/Ho_Chi_Minh",
            "timezone: Asia/Hanoi_",
            "4: timezone: 'Asia/Hanoi_' is not a time zone; write one as in Asia/Ho_Chi_Minh",
        ),
        (
            "data: HL-E01.sqlite",
            "data: HL-E01.sqlite\noutbox_limit: 256",
            "7: outbox_limit: 256 is not a size; write a whole number and a unit, as in 256MB",
        ),
        (
            "data: HL-E01.sqlite",
            'data: ""',
            "6: data: '.' is not a file; write its name, as in HL-E01.sqlite",
        ),
        (
            "data: HL-E01.sqlite",
            r'data: "a\0b"',
            r"6: data: 'a\x00b' is not a file; write its name, as in HL-E01.sqlite",
        ),
        (
            "broker: {host: 127.0.0.1",
            "broker: {tls: {ca: ca.pem, key: edge.key}, host: 127.0.0.1",
            "5: broker.tls: certificate and key go together; give both or none",
        ),
        *(
            (
                "data: HL-E01.sqlite",
                f"data: HL-E01.sqlite\ncloud: {{url: '{url}', token_file: token}}",
                f"7: cloud.url: '{url}' is not where a cloud is; write it as in https://den.halong.example",
            )
            for url in ("den.halong.example", "ftp://den", "https://den:99999", "https://den:port", "http://[::1")
        ),
    ],
)
def test_a_mistake_names_its_line_its_key_and_what_would_be_right(wrong: str, right: str, answer: str) -> None:
    assert told(GOOD.replace(wrong, right)) == f"edge.yaml:{answer}"


SERIAL = GOOD.replace(
    "link: modbus-tcp\n    address: 127.0.0.1:15020", "link: modbus-rtu\n    port: /dev/ttyS0\n    baudrate: 9600"
)


def test_a_bus_may_be_a_serial_line() -> None:
    (bus,) = parse_config(SERIAL.replace("unit: 1}", "unit: 1, timeout: 3s}"), "edge.yaml").buses
    assert isinstance(bus, SerialBus)
    assert (bus.port, bus.baudrate, bus.parity, bus.stop_bits) == ("/dev/ttyS0", 9600, "N", 1)
    assert (bus.timeout, bus.timeouts) == (timedelta(seconds=1), {1: 3.0})


def test_a_bus_may_be_a_line_behind_a_socket() -> None:
    (bus,) = parse_config(GOOD.replace("modbus-tcp", "modbus-rtu-over-tcp\n    min_gap: 25ms"), "edge.yaml").buses
    assert isinstance(bus, RtuTcpBus)
    assert (bus.host, bus.port, bus.baudrate, bus.min_gap) == ("127.0.0.1", 15020, None, timedelta(milliseconds=25))


@pytest.mark.parametrize(
    ("wrong", "right", "answer"),
    [
        (
            "/dev/ttyS0",
            "ttyS0",
            "10: buses[0].port: 'ttyS0' is not a serial port; write its device file, as in /dev/ttyS0",
        ),
        (
            "9600",
            "9700",
            "11: buses[0].baudrate: no line runs at 9700 baud; "
            "there are 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200",
        ),
        (
            "baudrate: 9600",
            "baudrate: 9600\n    parity: even",
            "12: buses[0].parity: Input should be 'N', 'E' or 'O'; got 'even'",
        ),
        ("baudrate: 9600", "baudrate: 9600\n    baud: 1", "12: buses[0].baud: unknown key; did you mean `baudrate`?"),
        ("baudrate: 9600", "baudrate: 9600\n    address: 10.0.0.1:502", "12: buses[0].address: does not belong here"),
        ("modbus-rtu\n", "modbus_rtu\n", "9: buses[0].link: unknown link 'modbus_rtu'; did you mean `modbus-rtu`?"),
        (
            "modbus-rtu\n",
            "canbus\n",
            "9: buses[0].link: unknown link 'canbus'; there are modbus-tcp, modbus-rtu, modbus-rtu-over-tcp, mqtt",
        ),
        ("unit: 1}", "unit: 250}", "14: buses[0].devices[0].unit: 250 is reserved; give 1 to 247"),
    ],
)
def test_a_mistake_about_a_serial_line_is_told_too(wrong: str, right: str, answer: str) -> None:
    assert f"edge.yaml:{answer}" in told(SERIAL.replace(wrong, right)).splitlines()


def test_one_controller_cannot_be_two_buses() -> None:
    second = "  - {id: HL-TC002, address: '127.0.0.1:15020', poll_every: 5s, devices: [%s]}\n"
    device = "{id: HL-TC002-M, profile: eastron-sdm630, unit: 2}"
    assert told(GOOD + second % device) == (
        "edge.yaml:16: buses[1].address: 127.0.0.1:15020 is bus HL-TC001 already; put the devices of both under one bus"
    )


def test_every_mistake_is_told_at_once() -> None:
    answers = told(GOOD.replace("poll_every: 10s", "poll_every: 0s").replace("unit: 1}", "unit: 0}")).splitlines()
    assert [answer.split(": ")[1] for answer in answers] == ["buses[0].poll_every", "buses[0].devices[0].unit"]


def test_files_are_found_beside_edge_yaml(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "HL-E01").write_text("hush")
    (tmp_path / "edge.yaml").write_text(GOOD)
    edge = load_config(tmp_path / "edge.yaml")
    assert edge.data == tmp_path / "HL-E01.sqlite"
    assert edge.broker.password_file == tmp_path / "secrets" / "HL-E01"


def test_a_missing_password_is_told_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "edge.yaml").write_text(GOOD)
    with pytest.raises(ConfigError) as refused:
        load_config(tmp_path / "edge.yaml")
    secret = tmp_path / "secrets" / "HL-E01"
    assert str(refused.value) == f"{tmp_path}/edge.yaml:5: broker.password_file: {secret}: no such file"


LINK = """\
  - id: HL-E01-MQTT
    link: mqtt
    broker: {host: 127.0.0.1, username: HL-E01-devices}
    devices:
      - {id: HL-000011, profile: tasmota-dimmer}
      - {id: HL-000012, profile: zigbee2mqtt-dimmer, address: HL-ZB01/HL-000012}
"""


def test_a_link_of_devices_that_speak_mqtt_stands_beside_the_buses() -> None:
    edge = parse_config(GOOD + LINK, "edge.yaml")
    (link,) = edge.mqtt
    assert len(edge.modbus) == 1
    assert [device.topic for device in link.devices] == ["HL-000011", "HL-ZB01/HL-000012"]
    assert link.under(edge.site, edge.edge) == "haidang-devices/halong/HL-E01"
    assert link.model_copy(update={"prefix": ""}).under(edge.site, edge.edge) == ""
    assert link.ask_every == timedelta(seconds=60)


@pytest.mark.parametrize(
    ("wrong", "right", "answer"),
    [
        ("link: mqtt", "link: mqttt", "17: buses[1].link: unknown link 'mqttt'; did you mean `mqtt`?"),
        (
            "tasmota-dimmer",
            "tasmota-dimer",
            "20: buses[1].devices[0].profile: unknown profile 'tasmota-dimer'; did you mean `tasmota-dimmer`?",
        ),
        (
            "tasmota-dimmer",
            "eastron-sdm630",
            "20: buses[1].devices[0].profile: unknown profile 'eastron-sdm630'; those that speak MQTT are"
            " nbiot-street-node, tasmota-dimmer, zigbee2mqtt-dimmer",
        ),
        (
            "HL-ZB01/HL-000012",
            "HL-ZB01/+",
            "21: buses[1].devices[1].address: 'HL-ZB01/+' is no part of a topic; write levels as in lamps/17, without"
            " wildcards and spaces",
        ),
        (
            "address: HL-ZB01/HL-000012",
            "address: HL-000011",
            "21: buses[1].devices[1].address: HL-000011 is HL-000011 already; two devices cannot share it",
        ),
        (
            "HL-000012, prof",
            "HL-000002, prof",
            "21: buses[1].devices[1].id: HL-000002 stands twice; every id names one",
        ),
        (
            "username: HL-E01-devices",
            "username: HL-E01",
            "18: buses[1].broker.username: HL-E01 is the account of the uplink; a broker lets an account connect once,"
            " so give it another",
        ),
        (
            "    devices:\n      - {id: HL-000011",
            "    ask_evry: 5s\n    devices:\n      - {id: HL-000011",
            "19: buses[1].ask_evry: unknown key; did you mean `ask_every`?",
        ),
    ],
)
def test_a_mistake_in_a_link_is_answered_too(wrong: str, right: str, answer: str) -> None:
    assert LINK.count(wrong) == 1
    assert f"edge.yaml:{answer}" in told(GOOD + LINK.replace(wrong, right))


def test_the_files_of_a_link_are_found_beside_edge_yaml(tmp_path: Path) -> None:
    secret = tmp_path / "secrets" / "HL-E01-devices"
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "HL-E01").write_text("hush")
    link = LINK.replace("HL-E01-devices}", "HL-E01-devices, password_file: secrets/HL-E01-devices}")
    (tmp_path / "edge.yaml").write_text(GOOD + link)
    with pytest.raises(ConfigError, match=f"buses.1..broker.password_file: {secret}: no such file"):
        load_config(tmp_path / "edge.yaml")
    secret.write_text("hush")
    assert load_config(tmp_path / "edge.yaml").mqtt[0].broker.password_file == secret
