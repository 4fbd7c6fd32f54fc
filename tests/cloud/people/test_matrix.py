"""The matrix of rights: every door, knocked at by nobody, by the wrong role, from the wrong ward and by the right one.

There are two cities with two wards each. Everything that is asked for stands in W1 of one, and a person of W2 or of the
other city is answered without a word of it.
"""

import asyncio
import hashlib
import re
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from websockets.exceptions import InvalidStatus

from cloud.app import create_app
from cloud.commands.tables import ConsentRow
from cloud.people.access import COOKIE
from cloud.people.rights import FOR_PEOPLE, RIGHTS, Right, Role
from cloud.people.tables import GrantRow
from cloud.settings import Settings, Site
from protocols.readings import Reading
from rules.areas import PROVINCE, Area
from tests.cloud.cities import lamp_id, write_second_city
from tests.cloud.clocks import EVENING, Wall, standing_clock
from tests.cloud.feeding import Feed, lamp
from tests.cloud.people.doors import Door, locked_doors, without_a_right
from tests.cloud.serving import PASSWORD, Service
from tests.cloud.tokens.machines import machine, wish
from tests.waiting import until

API = "/api/v1"
MINE, OTHERS = Area("halong", "W2"), Area("mongcai")
# What stands in W1 and nowhere else.
HIDDEN = re.compile(r"HL-00000[135]\b|HL-TC001|HL-E01|HL-AIR-01|HL-CAM-01|\bW1\b|Hồng Gai|\bthu\b|\bnga\b")
# What is of Ha Long at all.
ABROAD = re.compile(r"HL-|halong|\bW[12]\b|Hạ Long|Hồng Gai|Bãi Cháy|\bthu\b|\bnga\b")
NEWCOMER = {"username": "tam", "display_name": "Tam", "grants": [{"role": "viewer", "area": "/halong/W1"}]}
GUESS = {"confirmation": "guessed"}
KEY = {"id": "a", "rawId": "a", "type": "public-key", "response": {"clientDataJSON": "a", "attestationObject": "a"}}
PASSKEY = {"ticket": "guessed", "name": "phone", "credential": KEY}
MACHINE = {
    "name": "meter",
    "grants": [{"rights": ["view.city"], "area": "/halong/W1"}],
    "expires_at": (EVENING + timedelta(days=30)).isoformat(),
}
DIM = {"target": lamp_id(1), "action": {"type": "override", "level": 60}}
STEPS = [{"sun": "sunset", "level": 100}, {"sun": "sunrise", "level": 0}]
NAMED = {"name": {"vi": "A", "en": "A"}}
LIGHT = {
    "programmes": [{"id": "p", **NAMED, "steps": STEPS}],
    "calendars": [{"id": "c", **NAMED, "programme": "p"}],
    "groups": [{"id": "g", **NAMED, "rule": {"area": "/halong/W1"}, "calendar": "c"}],
}
DIM_MANY = {"targets": {"lamps": [lamp_id(1)]}, "action": {"type": "override", "level": 60}}


@dataclass(frozen=True, slots=True)
class Knock:
    """What is asked for at a door: of W1, from who may do so. `other` is the answer to who may do so elsewhere."""

    ids: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    right: int = 200
    other: int = 404


LISTED = Knock(other=200)  # a list is never refused: what lies elsewhere is not in it
KNOCKS: Mapping[str, Knock] = {
    f"GET {API}/session": LISTED,
    f"DELETE {API}/session": Knock(right=204, other=204),
    f"PUT {API}/session/password": Knock(json={"current": PASSWORD, "new": PASSWORD}, right=422, other=422),
    f"POST {API}/session/confirm": Knock(json={"password": PASSWORD}, other=200),
    f"GET {API}/account": LISTED,
    f"POST {API}/account/totp": Knock(json=GUESS, right=403, other=403),
    f"PUT {API}/account/totp": Knock(json={"code": "123456"}, right=401, other=401),
    f"DELETE {API}/account/totp": Knock(json=GUESS, right=403, other=403),
    f"POST {API}/account/passkeys/options": Knock(json=GUESS, right=409, other=409),  # 127.0.0.1 is no host's name
    f"POST {API}/account/passkeys": Knock(json=PASSKEY, right=409, other=409),
    f"DELETE {API}/account/passkeys/{{passkey_id}}": Knock({"passkey_id": "abc"}, json=GUESS, right=403, other=403),
    f"POST {API}/account/recovery-codes": Knock(json=GUESS, right=403, other=403),
    f"DELETE {API}/account/sessions/{{session_id}}": Knock({"session_id": "SESSION"}, right=404),
    f"DELETE {API}/account/sessions": Knock(right=204, other=204),
    f"PUT {API}/account/language": Knock(json={"language": "vi"}, other=200),
    f"GET {API}/people": LISTED,
    f"POST {API}/people": Knock(json=NEWCOMER, right=201, other=403),
    f"PUT {API}/people/{{username}}/grants": Knock({"username": "thu"}, json={"grants": NEWCOMER["grants"]}),
    f"PUT {API}/people/{{username}}/standing": Knock({"username": "thu"}, json={"disabled": True}),
    f"POST {API}/people/{{username}}/factors/forget": Knock({"username": "thu"}, right=204),
    f"PUT {API}/people/{{username}}/email": Knock({"username": "thu"}, json={"email": "thu@example.com"}),
    f"POST {API}/people/{{username}}/password": Knock({"username": "thu"}),
    f"GET {API}/tokens": LISTED,
    f"POST {API}/tokens": Knock(json=MACHINE, right=201, other=403),
    f"DELETE {API}/tokens/{{token_id}}": Knock({"token_id": "TOKEN"}, right=204),
    f"DELETE {API}/people/{{username}}/sessions": Knock({"username": "thu"}, right=204),
    f"GET {API}/sessions": LISTED,
    f"DELETE {API}/sessions/{{session_id}}": Knock({"session_id": "SESSION"}, right=204),
    f"GET {API}/audit": Knock(other=403),
    f"GET {API}/audit.csv": Knock(other=403),
    f"GET {API}/city": LISTED,
    f"GET {API}/areas": LISTED,
    f"GET {API}/map/base.geojson": LISTED,
    f"GET {API}/map/wards.geojson": LISTED,
    f"GET {API}/fleet/{{site}}/luminaires.csv": Knock({"site": "halong"}),
    f"GET {API}/fleet/{{site}}/luminaires.geojson": Knock({"site": "halong"}),
    f"POST {API}/fleet/{{site}}/imports": Knock({"site": "halong"}, json={"features": []}),
    f"POST {API}/fleet/{{site}}/areas": Knock({"site": "halong"}, json={"features": []}),
    f"GET {API}/fleet/{{site}}/types": Knock({"site": "halong"}),
    f"GET {API}/fleet/{{site}}/labels": Knock({"site": "halong"}),
    f"GET {API}/map/lamps.bin": LISTED,
    f"GET {API}/map/lamps/{{index}}": Knock({"index": "8"}),  # counted in one's own view, and nobody else has nine
    f"GET {API}/luminaires/{{luminaire_id}}": Knock({"luminaire_id": lamp_id(1)}),
    f"GET {API}/luminaires": LISTED,
    f"GET {API}/overview": LISTED,
    f"GET {API}/edges/{{edge_id}}/documents": Knock({"edge_id": "HL-E01"}),
    f"PUT {API}/edges/{{edge_id}}/documents/{{name}}": Knock(
        {"edge_id": "HL-E01", "name": "settings"}, json={"text": "report: {every: 30s}\n"}
    ),
    f"DELETE {API}/edges/{{edge_id}}/documents/{{name}}": Knock({"edge_id": "HL-E01", "name": "settings"}),
    f"GET {API}/light/{{site}}/plan": Knock({"site": "halong"}),
    f"PUT {API}/light/{{site}}/plan": Knock({"site": "halong"}, json={"plan": LIGHT, "version": 1}),
    f"POST {API}/light/{{site}}/check": Knock({"site": "halong"}, json={"plan": LIGHT}),
    f"GET {API}/light/{{site}}/night": Knock({"site": "halong"}, query={"night": "2026-11-21"}),
    f"POST {API}/light/{{site}}/night": Knock({"site": "halong"}, json={"night": "2026-11-21", "plan": LIGHT}),
    f"GET {API}/light/{{site}}/groups/{{group_id}}/lamps": Knock({"site": "halong", "group_id": "g"}),
    f"GET {API}/light/{{site}}/releases": Knock({"site": "halong"}),
    f"GET {API}/light/{{site}}/releases/{{number}}": Knock({"site": "halong", "number": "1"}),
    f"POST {API}/light/{{site}}/releases": Knock({"site": "halong"}, json={"reason": "winter"}, right=201),
    f"POST {API}/light/{{site}}/releases/{{number}}/decision": Knock(
        {"site": "halong", "number": "1"}, json={"agree": True}
    ),
    f"POST {API}/light/{{site}}/releases/{{number}}/send": Knock(
        {"site": "halong", "number": "1"}, json=GUESS, right=403
    ),
    f"GET {API}/devices/{{device_id}}/latest": Knock({"device_id": lamp_id(1)}),
    f"GET {API}/devices/{{device_id}}/readings": Knock({"device_id": lamp_id(1)}, {"quantity": "active_power"}),
    f"GET {API}/devices/{{device_id}}/hours": Knock({"device_id": lamp_id(1)}, {"quantity": "active_power"}),
    f"GET {API}/energy": Knock(query={"by": "ward", "id": "W1"}),
    f"GET {API}/store": Knock(other=403),
    f"GET {API}/store/export": Knock(
        query={"kind": "luminaire", "from": "2026-11-21T00:00:00Z", "to": "2026-11-22T00:00:00Z"}, other=403
    ),
    f"GET {API}/commands": LISTED,
    f"POST {API}/commands": Knock(json=DIM, right=202),
    f"GET {API}/commands/{{command_id}}": Knock({"command_id": "COMMAND"}),
    f"POST {API}/commands/preview": Knock(json=DIM_MANY),
    f"POST {API}/commands/group": Knock(json=DIM_MANY, right=202),
    f"GET {API}/commands/groups": LISTED,
    f"GET {API}/commands/groups/{{group_id}}": Knock({"group_id": "GROUP"}),
    f"POST {API}/commands/chosen": Knock(json={"targets": {"lamps": [lamp_id(1)]}}),
    f"GET {API}/overrides": LISTED,
    f"GET {API}/overrides.csv": LISTED,
    f"GET {API}/overrides/{{made_by}}/lamps": Knock({"made_by": "GROUP"}, other=200),
    f"GET {API}/self-tests": LISTED,
    f"POST {API}/self-tests": Knock(json={"targets": {"lamps": [lamp_id(1)]}}, right=202),
    f"POST {API}/overrides/handover": Knock(json={"to": "thu", "digest": "0" * 64}, right=409, other=409),
    f"GET {API}/consents": LISTED,
    f"POST {API}/consents/{{consent_id}}": Knock({"consent_id": "CONSENT"}, json={"agree": False}),
    f"GET {API}/alarms": Knock(query={"state": "all"}, other=200),
    f"POST {API}/alarms/{{alarm_id}}/acknowledge": Knock({"alarm_id": "ALARM"}, json={}),
    f"WS {API}/map/live": Knock(right=101, other=101),
    f"WS {API}/live": Knock(right=101, other=101),
}


def _app() -> FastAPI:
    return create_app(Settings(sites=(Site(id="halong"),)), standing_clock()[0])


DOORS = locked_doors(_app())


def test_every_door_declares_its_right() -> None:
    assert without_a_right(_app()) == []


def test_a_door_that_somebody_forgot_to_lock_is_found() -> None:
    app = _app()
    app.add_api_route(f"{API}/forgotten", lambda: {"lamps": 6}, tags=["test"])
    app.add_api_websocket_route(f"{API}/forgotten/live", lambda: None)
    assert without_a_right(app) == [f"GET {API}/forgotten", f"WS {API}/forgotten/live"]


def test_every_door_is_knocked_at() -> None:
    assert {str(door) for door in DOORS} == KNOCKS.keys()


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """Two cities; overviews and maps come only when a test asks for one."""
    sites = (*settings.sites, Site.model_validate(write_second_city(tmp_path)))
    rarely = timedelta(hours=9)
    return settings.model_copy(update={"sites": sites, "overview_every": rarely, "live_every": rarely})


@dataclass(frozen=True, slots=True)
class Busy:
    """A service in which something has happened in W1: readings, an alarm and a command."""

    service: Service
    feed: Feed
    named: Mapping[str, str]
    browsers: AsyncExitStack
    people: dict[str, httpx2.AsyncClient] = field(default_factory=dict)

    async def knock(self, client: httpx2.AsyncClient, door: Door) -> tuple[int, str]:
        """The status, and everything that was said."""
        knock = KNOCKS[str(door)]
        ids = {name: self.named.get(value, value) for name, value in knock.ids.items()}
        path = door.path.format(**ids)
        if door.method == "WS":
            return await self._listen(client, path)
        answer = await client.request(door.method, path, params=dict(knock.query), json=knock.json)
        return answer.status_code, str(answer.headers.get("etag")) + answer.content.decode("utf-8", "replace")

    async def _listen(self, client: httpx2.AsyncClient, path: str) -> tuple[int, str]:
        try:
            async with self.service.socket(path, client):
                return 101, ""
        except InvalidStatus as refused:
            return refused.response.status_code, ""

    async def person(self, role: Role, area: Area) -> httpx2.AsyncClient:
        """Somebody with one grant, who stays signed in until he signs out."""
        name = f"{role}{area}".replace("/", "-")
        if name not in self.people:
            await self.service.parts.people.add(name, PASSWORD, role, area=area)
            self.people[name] = await self.browsers.enter_async_context(self.service.anonymous())
        client = self.people[name]
        if COOKIE not in client.cookies:
            answer = await client.post(f"{API}/session", json={"username": name, "password": PASSWORD})
            answer.raise_for_status()
        return client


@pytest.fixture
async def busy(service: Service, wall: Wall) -> AsyncIterator[Busy]:
    wall.advance(minutes=10)
    dark = [lamp(1, EVENING + timedelta(minutes=m), active_power=0.0) for m in range(6)]
    feed, air = Feed(service), Reading("HL-AIR-01", "air_station", int(EVENING.timestamp()), {"pm2_5": 31.0})
    await feed.readings([*dark, air])
    await service.parts.map_feed.tick()
    async with service.signed_in() as client:
        command = (await client.post(f"{API}/commands", json=DIM)).json()
        group = (await client.post(f"{API}/commands/group", json=DIM_MANY)).json()["group"]
        token_id = (await client.post(f"{API}/tokens", json=MACHINE)).json()["id"]
        await client.put(f"{API}/light/halong/plan", json={"plan": LIGHT, "version": 0})
        await client.post(f"{API}/light/halong/releases", json={"reason": "winter"})
    consent = await waiting_consent(service)
    alarm = service.parts.alarms.listed()[0]
    for name in ("thu", "nga"):
        await service.parts.people.add(name, PASSWORD, Role.OPERATOR, area=Area("halong", "W1"))
    nga = await service.parts.people.find("nga")
    assert nga is not None
    token, _ = await service.parts.people.open(nga, "10.0.0.1")
    session = hashlib.sha256(token.encode()).hexdigest()[:16]
    named = {
        "COMMAND": command["id"],
        "GROUP": group["id"],
        "CONSENT": consent,
        "ALARM": alarm.id,
        "SESSION": session,
        "TOKEN": token_id,
    }
    async with AsyncExitStack() as browsers:
        yield Busy(service, feed, named, browsers)


ALL = frozenset(Right) - FOR_PEOPLE


@pytest.fixture
async def machines(busy: Busy, wall: Wall) -> Mapping[frozenset[Right], str]:
    """A token with every right that a machine may have, and two with one right each."""
    scopes = [ALL, frozenset({Right.VIEW_TELEMETRY}), frozenset({Right.VIEW_AUDIT})]
    async with busy.service.signed_in() as boss:
        answers = [await boss.post(f"{API}/tokens", json=wish(wall, sorted(scope), "/")) for scope in scopes]
    return {scope: answer.json()["token"] for scope, answer in zip(scopes, answers, strict=True)}


async def _machine_row(busy: Busy, door: Door, machines: Mapping[frozenset[Right], str]) -> dict[str, tuple[int, str]]:
    """The door as machines find it. With the right scope it is only looked at: what is done there is done by people."""
    wrong = next(scope for scope in machines if not all(gate.right in scope for gate in door.gates))
    visitors = {"token, wrong": machines[wrong]}
    if door.method in ("GET", "WS") and all(gate.right in ALL for gate in door.gates):
        visitors["token"] = machines[ALL]
    row = {}
    for name, token in visitors.items():
        async with machine(busy.service, token) as client:
            row[name] = await busy.knock(client, door)
    return row


async def waiting_consent(service: Service) -> str:
    """The id of one that nobody has decided, about a lamp of W1."""
    asked = {"targets": DIM_MANY["targets"], "action": {"type": "resume"}, "lamps": [lamp_id(1)]}
    times = {"asked_at": EVENING, "expires_at": EVENING + timedelta(days=1)}
    known = {"id": "c0", "who": "thu", "reason": "storm", "wards": '["W1"]', "lamps": 1, "state": "waiting", **times}
    async with service.parts.database.write() as session:
        session.add(ConsentRow(**known, asked=asked))
    return "c0"


def _rightful(door: Door) -> Role:
    return next(role for role in Role if all(gate.right in RIGHTS[role] for gate in door.gates))


def _wrong(door: Door) -> Role | None:
    return next((role for role in Role if any(gate.right not in RIGHTS[role] for gate in door.gates)), None)


async def _row(busy: Busy, door: Door) -> dict[str, tuple[int, str]]:
    """One line of the matrix. The rightful person comes last: what is asked for may be gone afterwards."""
    async with busy.service.anonymous() as nobody:
        row = {"anonymous": await busy.knock(nobody, door)}
    visitors: dict[str, tuple[Role | None, Area]] = {
        "wrong role": (_wrong(door), PROVINCE),
        "other city": (_rightful(door), OTHERS),
        "other ward": (_rightful(door), MINE),
        "right": (_rightful(door), PROVINCE),
    }
    for name, (role, area) in visitors.items():
        if role is not None:
            row[name] = await busy.knock(await busy.person(role, area), door)
    return row


async def test_every_door_opens_for_the_right_person_and_tells_nobody_else_anything(
    busy: Busy, machines: Mapping[frozenset[Right], str], capsys: pytest.CaptureFixture[str]
) -> None:
    matrix = {door: {**await _machine_row(busy, door, machines), **await _row(busy, door)} for door in DOORS}
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(_lines(matrix)) + "\n")
    wrong = [f"{door} {found}" for door, row in matrix.items() for found in _surprises(door, row)]
    assert wrong == []


def _lines(matrix: Mapping[Door, Mapping[str, tuple[int, str]]]) -> list[str]:
    names = ["anonymous", "wrong role", "other city", "other ward", "right", "token, wrong", "token"]
    head = f"{'door':<62}{'right':<22}{'over':<18}" + "".join(f"{name:>13}" for name in names)
    rows = [
        f"{door!s:<62}{door.gates[0].right:<22}{door.gates[0].where:<18}"
        + "".join(f"{row[name][0] if name in row else '-':>13}" for name in names)
        for door, row in matrix.items()
    ]
    return [head, *rows]


def _surprises(door: Door, row: Mapping[str, tuple[int, str]]) -> list[str]:
    knock = KNOCKS[str(door)]
    expected = {
        "anonymous": 401,
        "wrong role": 403,
        "other city": knock.other,
        "other ward": knock.other,
        "right": knock.right,
        "token, wrong": 403,
        "token": knock.right,
    }
    told = [name for name, hidden in (("other city", ABROAD), ("other ward", HIDDEN)) if _tells(*row[name], hidden)]
    statuses = [f"{name}: {row[name][0]}, not {expected[name]}" for name in row if row[name][0] != expected[name]]
    return statuses + [f"{name}: told too much" for name in told]


def _tells(status: int, said: str, hidden: re.Pattern[str]) -> bool:
    """What was asked for may stand in a refusal; nothing more."""
    return status < 300 and hidden.search(said) is not None


async def test_a_door_that_is_refused_does_not_say_whether_there_is_something_behind_it(busy: Busy) -> None:
    client = await busy.person(Role.TECHNICIAN, MINE)
    hidden = await client.get(f"{API}/luminaires/{lamp_id(1)}")
    absent = await client.get(f"{API}/luminaires/{lamp_id(7)}")
    ordered = await client.post(f"{API}/commands", json=DIM)
    made_up = await client.post(f"{API}/commands", json={**DIM, "target": lamp_id(7)})
    assert (hidden.status_code, ordered.status_code) == (absent.status_code, made_up.status_code) == (404, 404)
    assert hidden.text == absent.text.replace(lamp_id(7), lamp_id(1))
    assert ordered.text == made_up.text.replace(lamp_id(7), lamp_id(1))


async def test_nothing_was_ordered_acknowledged_or_configured_from_the_wrong_ward(busy: Busy) -> None:
    client = await busy.person(Role.TECHNICIAN, MINE)
    await client.post(f"{API}/commands", json=DIM)
    await client.post(f"{API}/alarms/{busy.named['ALARM']}/acknowledge", json={})
    await client.put(f"{API}/edges/HL-E01/documents/settings", json={"text": "x"})
    parts = busy.service.parts
    assert parts.commands.count_open(lambda _: True) == 2, "those of the right person"
    assert [alarm.acked_by for alarm in parts.alarms.listed()] == [None]
    assert parts.documents.of("HL-E01") == []


async def test_who_sees_a_lamp_and_may_not_switch_it_is_told_so(busy: Busy) -> None:
    parts = busy.service.parts
    await parts.people.add("lan", PASSWORD, Role.VIEWER, area=Area("halong"))
    lan = await parts.people.find("lan")
    assert lan is not None
    async with parts.database.write() as session:
        session.add(GrantRow(person_id=lan.id, role=Role.OPERATOR, area=str(MINE)))
    async with busy.service.anonymous() as client:
        await client.post(f"{API}/session", json={"username": "lan", "password": PASSWORD})
        refused = await client.post(f"{API}/commands", json=DIM)
        taken = await client.post(f"{API}/commands", json={**DIM, "target": lamp_id(2)})
    assert (refused.status_code, taken.status_code) == (403, 202)


async def test_a_ward_s_map_overview_and_lists_are_whole_in_themselves(busy: Busy) -> None:
    client = await busy.person(Role.OPERATOR, MINE)
    city = (await client.get(f"{API}/city")).json()
    overview = (await client.get(f"{API}/overview")).json()
    lamps = (await client.get(f"{API}/luminaires")).json()
    second = (await client.get(f"{API}/map/lamps/1")).json()
    bytes_ = (await client.get(f"{API}/map/lamps.bin")).content
    assert (city["lamps"], [ward["id"] for ward in city["wards"]]) == (3, ["W2"])
    assert (overview["lamps"]["total"], overview["alarms"]["unacked"], overview["commands"]["open"]) == (3, 0, 0)
    assert [one["id"] for one in overview["edges"]["items"]] == ["HL-E02"]
    assert [(one["id"], one["index"]) for one in lamps["items"]] == [(lamp_id(2), 0), (lamp_id(4), 1), (lamp_id(6), 2)]
    assert (second["id"], lamps["total"]) == (lamp_id(4), 3)
    assert len(bytes_) == 16 + 11 * 3
    assert int.from_bytes(bytes_[16:20], "little") == 1_070_802_000


async def test_nothing_of_another_ward_is_said_over_the_sockets(busy: Busy) -> None:
    service, client = busy.service, await busy.person(Role.OPERATOR, MINE)
    async with (
        service.socket(f"{API}/live", client) as events,
        service.socket(f"{API}/map/live", client) as frames,
    ):
        await until(lambda: len(service.parts.event_hub) and len(service.parts.map_hub))
        await events.send(f'{{"subscribe": ["{lamp_id(1)}", "{lamp_id(2)}"]}}')
        await until(lambda: all(listener.devices for listener in service.parts.event_hub))
        await service.parts.alarms.acknowledge(busy.named["ALARM"], "minh", None)
        at = EVENING + timedelta(minutes=8)
        await busy.feed.readings([lamp(1, at)])
        await busy.feed.readings([lamp(2, at)], "HL-E02")
        await service.parts.events.overview()
        await service.parts.map_feed.tick()
        async with service.signed_in() as boss:
            await boss.post(f"{API}/commands", json=DIM)
            await boss.post(f"{API}/commands", json={**DIM, "target": lamp_id(2)})
        async with asyncio.timeout(30):
            said = [str(await events.recv()) for _ in range(3)]
            frame = await frames.recv()
    assert [HIDDEN.search(one) for one in said] == [None] * 3
    assert ['"latest"' in said[0], '"overview"' in said[1], '"command"' in said[2]] == [True] * 3
    assert isinstance(frame, bytes)
    assert frame[12:16] == (0).to_bytes(4, "little")  # HL-000002 is the first lamp of its ward
    assert len(frame) == 12 + 6
