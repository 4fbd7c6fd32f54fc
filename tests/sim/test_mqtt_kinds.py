"""Lamps that speak MQTT say on the wire what their makes say, and do what they are told."""

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest

from firmware_sim.controller import Node
from firmware_sim.image import Layout
from firmware_sim.mqtt_kinds import Answer, Kind, NarrowbandNode, Tasmota, ZigbeeGateway
from protocols.modbus.registers import Space
from tests.sim.lamps import EVENING, lamp
from tests.sim.town import LAMP_PROFILE

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
ZIGBEE, TASMOTA, NODE = "zigbee", "tasmota", "node"


def node(programme: float | None = 100, level: float = 100) -> Node:
    found = lamp(EVENING, programme=programme, level=level)
    found.alone = True
    return Node(found, Layout(LAMP_PROFILE, Space.INPUT, fill=0xFFFF), lambda _: 230.0)


MAKES: Mapping[str, Callable[[Node], Kind]] = {
    ZIGBEE: lambda node: ZigbeeGateway("ZB", {"L1": node}),
    TASMOTA: lambda node: Tasmota("L1", node, HANOI),
    NODE: lambda node: NarrowbandNode("L1", node),
}
FORTY = {
    ZIGBEE: ("ZB/L1/set", b'{"state":"ON","brightness":102,"transition":1}'),
    TASMOTA: ("L1/cmnd/Dimmer", b"40"),
    NODE: ("L1/down", b'{"id":7,"set":80,"until":0}'),
}
OFF = {
    ZIGBEE: ("ZB/L1/set", b'{"state":"OFF"}'),
    TASMOTA: ("L1/cmnd/Power", b"OFF"),
    NODE: ("L1/down", b'{"id":8,"set":0,"until":0}'),
}


def said(answer: Answer, topic: str) -> dict[str, Any]:
    """The last message of a topic."""
    return dict(orjson.loads(next(one.payload for one in reversed(answer) if one.topic == topic)))


@pytest.mark.parametrize("make", MAKES)
def test_it_takes_a_level_fades_to_it_and_holds_it_whoever_is_silent(make: str) -> None:
    found = node()
    kind = MAKES[make](found)
    kind.obey(*FORTY[make], EVENING)
    found.lamp.advance(EVENING + 10)
    assert found.lamp.state.level == pytest.approx(40, abs=0.2)
    found.lamp.advance(EVENING + 8 * 3600)
    assert found.lamp.state.level == pytest.approx(40, abs=0.2), "no controller watches over it"
    kind.obey(*OFF[make], EVENING + 8 * 3600)
    found.lamp.advance(EVENING + 8 * 3600 + 10)
    assert found.lamp.state.level == 0


@pytest.mark.parametrize("make", MAKES)
@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b'{"set": 900}', b'{"brightness": true}', b"dim", b"101"])
def test_what_it_does_not_understand_changes_nothing(make: str, payload: bytes) -> None:
    found = node()
    kind = MAKES[make](found)
    kind.obey(FORTY[make][0], payload, EVENING)
    found.lamp.advance(EVENING + 10)
    assert found.lamp.state.level == 100


def test_zigbee2mqtt_echoes_what_was_asked_and_tells_the_truth_when_it_is_asked() -> None:
    gateway = MAKES[ZIGBEE](node())
    gateway.greeting(EVENING)
    (echo,) = gateway.obey(*FORTY[ZIGBEE], EVENING)
    assert (echo.topic, orjson.loads(echo.payload)["brightness"], echo.retain) == ("ZB/L1", 102, False)
    truth = said(gateway.obey("ZB/L1/get", b'{"brightness":""}', EVENING + 0.1), "ZB/L1")
    assert 102 < truth["brightness"] < 254, "it is fading"
    (reached,) = gateway.changes(EVENING + 10)
    assert orjson.loads(reached.payload)["brightness"] == 102
    assert gateway.changes(EVENING + 11) == []


def test_zigbee2mqtt_keeps_the_brightness_of_a_lamp_that_is_off() -> None:
    gateway = MAKES[ZIGBEE](node())
    gateway.obey(*FORTY[ZIGBEE], EVENING)
    gateway.obey(*OFF[ZIGBEE], EVENING + 10)
    state = said(gateway.reports(EVENING + 20), "ZB/L1")
    assert (state["state"], state["brightness"]) == ("OFF", 102)
    assert state["last_seen"] == "2026-11-21T13:00:20.000Z"


def test_zigbee2mqtt_tells_once_that_a_lamp_has_gone_and_does_not_speak_for_it() -> None:
    found = node()
    gateway = MAKES[ZIGBEE](found)
    assert said(gateway.greeting(EVENING), "ZB/L1/availability") == {"state": "online"}
    found.lamp.silent = True
    (gone,) = gateway.changes(EVENING + 1)
    assert (gone.topic, gone.payload, gone.retain) == ("ZB/L1/availability", b'{"state":"offline"}', True)
    assert gateway.changes(EVENING + 2) == []
    assert gateway.reports(EVENING + 3) == []
    assert gateway.obey(*FORTY[ZIGBEE], EVENING + 4) == []


def test_tasmota_speaks_local_time_and_answers_in_its_own_words() -> None:
    tasmota = MAKES[TASMOTA](node())
    state = said(tasmota.reports(EVENING), "L1/tele/STATE")
    assert (state["Time"], state["POWER"], state["Dimmer"]) == ("2026-11-21T20:00:00", "ON", 100)
    assert said(tasmota.obey(*FORTY[TASMOTA], EVENING), "L1/stat/RESULT") == {"POWER": "ON", "Dimmer": 40}
    assert said(tasmota.obey(*OFF[TASMOTA], EVENING), "L1/stat/RESULT") == {"POWER": "OFF"}
    asked = tasmota.obey("L1/cmnd/TelePeriod", b"", EVENING + 10)
    assert (said(asked, "L1/tele/STATE")["POWER"], said(asked, "L1/tele/STATE")["Dimmer"]) == ("OFF", 40)
    assert said(asked, "L1/tele/SENSOR")["ENERGY"]["Power"] <= 1
    assert said(tasmota.obey("L1/cmnd/Dimmer", b"101", EVENING), "L1/stat/RESULT") == {"Command": "Error"}
    assert (tasmota.will.topic, tasmota.will.payload, tasmota.will.retain) == ("L1/tele/LWT", b"Offline", True)


def test_a_node_acknowledges_by_the_number_of_the_order_and_reports_when_the_fade_is_over() -> None:
    narrow = MAKES[NODE](node())
    assert said(narrow.obey(*FORTY[NODE], EVENING), "L1/up")["ack"] == 7
    assert narrow.changes(EVENING + 1) == []
    report = said(narrow.changes(EVENING + 5), "L1/up")["lamp"]
    assert (report["set"], report["level"], report["utc"]) == (80, 80, int(EVENING) + 5)
    assert said(narrow.obey("L1/down", b'{"id":9,"set":201}', EVENING), "L1/up")["nack"] == 9


def test_a_node_ends_an_override_by_its_own_clock() -> None:
    found = node()
    narrow = MAKES[NODE](found)
    narrow.obey("L1/down", orjson.dumps({"id": 1, "set": 40, "until": int(EVENING) + 60}), EVENING)
    found.lamp.advance(EVENING + 30)
    assert found.lamp.state.level == 20
    found.lamp.advance(EVENING + 90)
    assert found.lamp.state.level == 100


def test_a_node_sends_later_what_it_measured_without_a_network_but_not_without_voltage() -> None:
    found = node()
    narrow = NarrowbandNode("L1", found)
    narrow.keep(EVENING)
    found.lamp.segment.switch_supply(False, EVENING + 1)
    narrow.keep(EVENING + 10)
    found.lamp.segment.switch_supply(True, EVENING + 11)
    times = [orjson.loads(one.payload)["lamp"]["utc"] for one in narrow.greeting(EVENING + 20) if one.topic == "L1/up"]
    assert times == [int(EVENING), int(EVENING) + 20]


@pytest.mark.parametrize("make", MAKES)
def test_a_lamp_that_is_out_takes_no_power_although_it_says_that_it_is_lit(make: str) -> None:
    found = node()
    found.lamp.set_faults(EVENING, out=True, stuck_on=False, silent=False)
    text = b" ".join(one.payload for one in MAKES[make](found).reports(EVENING)).decode()
    assert any(lit in text for lit in ('"brightness":254', '"Dimmer":100', '"level":200'))
    assert any(dark in text for dark in ('"power":0.4', '"Power":0', '"p":4,'))


@pytest.mark.parametrize("make", MAKES)
def test_a_stuck_sensor_says_the_same_for_ever(make: str) -> None:
    found = node()
    kind = MAKES[make](found)
    found.freeze(EVENING)
    first = [one.payload for one in kind.reports(EVENING)]
    kind.obey(*FORTY[make], EVENING + 1)
    assert [without_time(one.payload) for one in kind.reports(EVENING + 100)] == [without_time(p) for p in first]


def without_time(payload: bytes) -> dict[str, Any]:
    document = orjson.loads(payload)
    inner = {k: v for k, v in document.get("lamp", {}).items() if k != "utc"}
    return {k: v for k, v in document.items() if k not in ("Time", "last_seen", "utc", "num", "lamp")} | {"lamp": inner}
