"""Three makes of luminaire that speak MQTT, as they are on the wire: what they publish, and how they take an order.

Written from the makers' pages and not from our own profiles, so that a mistake in those cannot hide. Topics are those
below the prefix that a device is set up with; levels are numbers as the make counts them, times domain Unix seconds.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import orjson

from firmware_sim.controller import Node
from firmware_sim.feeder import Electrical
from firmware_sim.luminaire import FADE_S, Luminaire

_ZIGBEE_FULL = 254
_HALF_PERCENT = 200
_KEPT = 40  # reports that a node without a network keeps for later


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a device."""

    topic: str
    payload: bytes
    retain: bool = False


Answer = Sequence[Said]


class Kind(Protocol):
    """One connection to a broker: a device, or a gateway with several behind it."""

    account: str
    will: Said

    @property
    def listens_to(self) -> Sequence[str]:
        """The topics of its orders."""

    def greeting(self, now: float) -> Answer:
        """What it says when it has connected."""

    def reports(self, now: float) -> Answer:
        """What it says from time to time."""

    def obey(self, topic: str, payload: bytes, now: float) -> Answer:
        """Take an order; what it says at once."""

    def changes(self, now: float) -> Answer:
        """What it says because something has changed since it was last asked."""

    @property
    def reached(self) -> bool:
        """False without voltage, or behind a broken radio: then its connection dies without a word."""


class _Lamp:
    """What every make does with a lamp of the city."""

    def __init__(self, name: str, node: Node) -> None:
        self.name = name
        self._node = node
        self._stuck: Mapping[str, Any] | None = None

    @property
    def luminaire(self) -> Luminaire:
        return self._node.lamp

    @property
    def reached(self) -> bool:
        return self._node.reached

    def look(self, now: float) -> Electrical:
        """What it measures now."""
        return self._node.electrical(now)

    @property
    def level(self) -> float:
        """% of light at the last look."""
        return self.luminaire.state.level

    def set(self, level: float, now: float) -> None:
        """Hold a level until it is told another one."""
        self.luminaire.set_override(None, 0, now)
        self.luminaire.set_programme(level, now)

    def frozen(self, fresh: Mapping[str, Any]) -> Mapping[str, Any]:
        """The same digits for ever, while its sensor is stuck."""
        if self._node.frozen is None:
            self._stuck = None
            return fresh
        self._stuck = self._stuck or fresh
        return self._stuck


class ZigbeeGateway:
    """Zigbee2MQTT with its lamps. It publishes what it was asked as soon as the lamp has taken it, and what the lamp
    reports later; a lamp that does not answer is offline."""

    def __init__(self, account: str, nodes: Mapping[str, Node]) -> None:
        self.account = account
        self._lamps = {name: _Lamp(name, node) for name, node in nodes.items()}
        self._asked: dict[str, int] = {}
        self._due: dict[str, float] = {}
        self._online: dict[str, bool] = {}
        self.listens_to: Sequence[str] = [f"{account}/{name}/{word}" for name in nodes for word in ("set", "get")]
        self.will = Said(f"{account}/bridge/state", b'{"state":"offline"}', retain=True)
        self.reached = True

    def greeting(self, now: float) -> Answer:
        self._online.clear()
        return [Said(f"{self.account}/bridge/state", b'{"state":"online"}', retain=True), *self.changes(now)]

    def reports(self, now: float) -> Answer:
        return [self._state(lamp, now) for lamp in self._lamps.values() if lamp.reached]

    def obey(self, topic: str, payload: bytes, now: float) -> Answer:
        name, _, word = topic.removeprefix(f"{self.account}/").partition("/")
        lamp, order = self._lamps[name], _json(payload)
        if not lamp.reached or order is None:
            return []
        if word == "get":
            return [self._state(lamp, now)]
        return self._set(lamp, order, now)

    def changes(self, now: float) -> Answer:
        """A lamp that has come or gone, and the levels that fades have reached."""
        found = [self._availability(lamp) for lamp in self._lamps.values() if self._has_turned(lamp)]
        over = [name for name, at in self._due.items() if now >= at]
        for name in over:
            del self._due[name]
        return [*found, *(self._state(self._lamps[name], now) for name in over if self._lamps[name].reached)]

    def _has_turned(self, lamp: _Lamp) -> bool:
        before, self._online[lamp.name] = self._online.get(lamp.name), lamp.reached
        return before is not lamp.reached

    def _availability(self, lamp: _Lamp) -> Said:
        payload = orjson.dumps({"state": "online" if lamp.reached else "offline"})
        return Said(f"{self.account}/{lamp.name}/availability", payload, retain=True)

    def _set(self, lamp: _Lamp, order: Mapping[str, Any], now: float) -> Answer:
        self._state(lamp, now)
        wanted = order.get("brightness", self._asked.get(lamp.name, _ZIGBEE_FULL))
        asked = 0 if order.get("state") == "OFF" else _whole(wanted, _ZIGBEE_FULL)
        if asked is None:
            return []
        if asked:
            self._asked[lamp.name] = asked
        lamp.set(100 * asked / _ZIGBEE_FULL, now)
        self._due[lamp.name] = now + FADE_S + 1
        echo = {"state": "ON" if asked else "OFF", "brightness": self._asked.get(lamp.name, _ZIGBEE_FULL)}
        return [Said(f"{self.account}/{lamp.name}", orjson.dumps({**self._values(lamp, now), **echo}))]

    def _state(self, lamp: _Lamp, now: float) -> Said:
        return Said(f"{self.account}/{lamp.name}", orjson.dumps(self._values(lamp, now)))

    def _values(self, lamp: _Lamp, now: float) -> Mapping[str, Any]:
        seen = lamp.look(now)
        brightness = round(lamp.level * _ZIGBEE_FULL / 100)
        if brightness:
            self._asked[lamp.name] = brightness
        fresh = {
            "brightness": self._asked.get(lamp.name, _ZIGBEE_FULL),
            "state": "ON" if brightness else "OFF",
            "power": round(seen.power, 1),
            "voltage": round(seen.voltage, 1),
            "current": round(seen.current, 2),
            "energy": round(lamp.luminaire.state.energy_wh / 1000, 2),
        }
        seen_at = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {**lamp.frozen(fresh), "linkquality": 120, "last_seen": seen_at}


class Tasmota:
    """A dimmer with a meter. Its time is the city's local time, without an offset; its level is what it drives."""

    def __init__(self, account: str, node: Node, zone: ZoneInfo) -> None:
        self.account = account
        self._lamp = _Lamp(account, node)
        self._zone = zone
        self._dimmer, self._is_on = 100, self._lamp.level > 0
        self.listens_to: Sequence[str] = [f"{account}/cmnd/{word}" for word in ("Dimmer", "Power", "TelePeriod")]
        self.will = Said(f"{account}/tele/LWT", b"Offline", retain=True)

    @property
    def reached(self) -> bool:
        return self._lamp.reached

    def greeting(self, now: float) -> Answer:
        return [Said(f"{self.account}/tele/LWT", b"Online", retain=True), *self.reports(now)]

    def reports(self, now: float) -> Answer:
        values = self._values(now)
        time = {"Time": datetime.fromtimestamp(now, self._zone).strftime("%Y-%m-%dT%H:%M:%S")}
        sensor = {**time, "ENERGY": values["ENERGY"]}
        state = {**time, "Uptime": "1T02:03:04", **values["STATE"], "Fade": "ON", "Speed": 2, "LedTable": "OFF"}
        return [self._said("tele/STATE", state), self._said("tele/SENSOR", sensor)]

    def obey(self, topic: str, payload: bytes, now: float) -> Answer:
        word, text = topic.rpartition("/")[2], payload.decode("utf-8", "replace").strip().upper()
        if word == "TelePeriod":
            return [self._said("stat/RESULT", {"TelePeriod": 10}), *self.reports(now)]
        if word == "Dimmer" and text.isdecimal() and int(text) <= 100:
            return self._turn(int(text), now)
        if word == "Power" and text in ("ON", "OFF"):
            return self._turn(self._dimmer if text == "ON" else 0, now)
        return [self._said("stat/RESULT", {"Command": "Error"})]

    def changes(self, now: float) -> Answer:  # noqa: ARG002 - it says nothing of itself before its period
        return []

    def _turn(self, level: int, now: float) -> Answer:
        self._dimmer, self._is_on = level or self._dimmer, level > 0
        self._lamp.set(level, now)
        return [self._said("stat/RESULT", {"POWER": "ON", "Dimmer": level} if level else {"POWER": "OFF"})]

    def _values(self, now: float) -> Mapping[str, Any]:
        seen = self._lamp.look(now)
        fresh = {
            "STATE": {"POWER": "ON" if self._is_on else "OFF", "Dimmer": self._dimmer},
            "ENERGY": {
                "TotalStartTime": "2025-01-01T00:00:00",
                "Total": round(self._lamp.luminaire.state.energy_wh / 1000, 3),
                "Power": round(seen.power),
                "ApparentPower": round(seen.voltage * seen.current),
                "Factor": round(seen.power_factor, 2),
                "Voltage": round(seen.voltage),
                "Current": round(seen.current, 3),
            },
        }
        return self._lamp.frozen(fresh)

    def _said(self, topic: str, document: Mapping[str, Any]) -> Said:
        return Said(f"{self.account}/{topic}", orjson.dumps(document))


class NarrowbandNode:
    """A node on the cellular network. Between two of its reports it sleeps; what it could not send it sends later."""

    def __init__(self, account: str, node: Node) -> None:
        self.account = account
        self._lamp = _Lamp(account, node)
        self._number = 0
        self._fades_until: float | None = None
        self.kept: list[Mapping[str, Any]] = []
        self.listens_to: Sequence[str] = [f"{account}/down"]
        self.will = Said(f"{account}/status", b'{"state":"lost"}', retain=True)

    @property
    def reached(self) -> bool:
        return self._lamp.reached

    def greeting(self, now: float) -> Answer:
        kept, self.kept = self.kept, []
        status = Said(f"{self.account}/status", b'{"state":"online"}', retain=True)
        return [status, *(self._up(now, lamp=lamp) for lamp in kept), *self.reports(now)]

    def reports(self, now: float) -> Answer:
        return [self._up(now, lamp=self._measured(now))]

    def keep(self, now: float) -> None:
        """Measure without a network; nothing is measured without voltage."""
        if not self._lamp.luminaire.segment.powered:
            return
        self.kept = [*self.kept, self._measured(now)][-_KEPT:]

    def obey(self, topic: str, payload: bytes, now: float) -> Answer:  # noqa: ARG002 - it has one topic
        order = _json(payload)
        if order is None:
            return []
        if "ask" in order:
            return self.reports(now)
        level, until = _whole(order.get("set"), _HALF_PERCENT), _whole(order.get("until", 0), 0xFFFFFFFE)
        if level is None or until is None:
            return [self._up(now, nack=order.get("id"))]
        self._hold(level / 2, until, now)
        self._fades_until = now + FADE_S + 1
        return [self._up(now, ack=order.get("id"))]

    def changes(self, now: float) -> Answer:
        """A fade is over: the level that was reached."""
        if self._fades_until is None or now < self._fades_until:
            return []
        self._fades_until = None
        return self.reports(now)

    def _hold(self, level: float, until: int, now: float) -> None:
        if until:
            self._lamp.luminaire.set_override(level, until, now)
        else:
            self._lamp.set(level, now)

    def _up(self, now: float, **more: Any) -> Said:
        self._number += 1
        message = {"imei": f"86772303{self.account[-6:]}", "num": self._number, "utc": int(now), "rsrp": -982}
        return Said(f"{self.account}/up", orjson.dumps({**message, **more}))

    def _measured(self, now: float) -> Mapping[str, Any]:
        seen, luminaire = self._lamp.look(now), self._lamp.luminaire
        fresh = {
            "set": round(luminaire.target(now)[0] * 2),
            "level": round(self._lamp.level * 2),
            "u": round(seen.voltage * 10),
            "i": round(seen.current * 1000),
            "p": round(seen.power * 10),
            "pf": round(seen.power_factor * 1000),
            "wh": round(luminaire.state.energy_wh),
            "h": round(luminaire.state.lit_s / 360),
            "n": luminaire.state.switch_ons,
            "t": round(28 + luminaire.state.warmth),
        }
        return {**self._lamp.frozen(fresh), "utc": int(now)}


Make = Callable[[str, Mapping[str, Node], ZoneInfo], Iterator[Kind]]


def _gateways(account: str, nodes: Mapping[str, Node], zone: ZoneInfo) -> Iterator[Kind]:  # noqa: ARG001 - as every make
    yield ZigbeeGateway(account, nodes)


def _dimmers(account: str, nodes: Mapping[str, Node], zone: ZoneInfo) -> Iterator[Kind]:  # noqa: ARG001 - as every make
    yield from (Tasmota(name, node, zone) for name, node in nodes.items())


def _street_nodes(account: str, nodes: Mapping[str, Node], zone: ZoneInfo) -> Iterator[Kind]:  # noqa: ARG001 - as every make
    yield from (NarrowbandNode(name, node) for name, node in nodes.items())


MAKES: Mapping[str, Make] = {
    "zigbee2mqtt-dimmer": _gateways,
    "tasmota-dimmer": _dimmers,
    "nbiot-street-node": _street_nodes,
}


def _json(payload: bytes) -> Mapping[str, Any] | None:
    try:
        found = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _whole(number: object, most: int) -> int | None:
    """A number of the range, or `None` for anything else."""
    if isinstance(number, bool) or not isinstance(number, int):
        return None
    return number if 0 <= number <= most else None
