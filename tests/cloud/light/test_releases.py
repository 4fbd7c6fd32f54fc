"""A plan goes out when two persons have agreed and one has proved himself; then every edge gets its document."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import orjson
import pytest

from cloud.light.first import First
from cloud.light.store import SENT, load_release, save_held
from cloud.people.rights import Role
from cloud.settings import Settings
from protocols import config
from protocols.clock import DomainClock
from protocols.config import ConfigError
from protocols.light import LIGHT, LightDocument, LightPlan
from tests.cloud.cities import lamp_id, small_city, write_city
from tests.cloud.clocks import Wall
from tests.cloud.light.plans import ALL_AT_80, PATH, approved, group, in_force, plan, programme, save, send, takes
from tests.cloud.serving import Service, serving
from tests.waiting import until

ONE, OTHER = small_city().edges[:2]


def document(service: Service, edge: str) -> LightDocument | None:
    row = service.parts.documents.wanted(edge, LIGHT)
    return LightDocument.model_validate_json(row.text) if row else None


async def has_all(service: Service, release: str) -> None:
    await until(lambda: all((found := document(service, e)) and found.release == release for e in (ONE, OTHER)))


async def test_two_persons_and_a_proof_bring_a_plan_into_force(service: Service, clock: DomainClock) -> None:
    async with service.signed_in() as admin, service.signed_in(Role.SHIFT_LEAD) as lead:
        await save(admin, ALL_AT_80)
        number = (await admin.post(f"{PATH}/releases", json={"reason": "winter"})).json()["number"]
        at = f"{PATH}/releases/{number}"
        assert (await admin.post(f"{at}/decision", json={"agree": True})).status_code == 403, "his own"
        assert (await send(admin, number)).status_code == 409, "not approved"
        assert (await lead.post(f"{at}/decision", json={"agree": True})).json()["state"] == "approved"
        assert (await lead.post(f"{at}/decision", json={"agree": False})).status_code == 409
        guessed = await admin.post(f"{at}/send", json={"confirmation": "guessed"})
        assert (guessed.status_code, guessed.json()["detail"]["code"]) == (403, "confirm_first")
        assert document(service, ONE) is None
        sent = (await send(admin, number)).json()
        assert (sent["state"], sent["lamps"], {edge["state"] for edge in sent["edges"]}) == ("sent", 6, {"waiting"})
        await has_all(service, "1")
        takes(service, clock, ONE)
        shown = (await admin.get(f"{PATH}/plan")).json()
        assert {edge["edge"]: edge["state"] for edge in shown["in_force"]["edges"]} == {ONE: "held", OTHER: "waiting"}
        acts = [row["act"] for row in (await admin.get("/api/v1/audit")).json()]
    assert [act for act in acts if act.endswith("_light")][::-1] == [
        "plan_light",
        "propose_light",
        "decide_light",
        "send_light",
    ]


async def test_an_edge_is_told_of_its_own_luminaires_for_400_nights(service: Service) -> None:
    await in_force(service, ALL_AT_80)
    await has_all(service, "1")
    told = document(service, ONE)
    assert told is not None
    [only] = told.sets
    assert dict(only.lamps) == dict.fromkeys([lamp_id(1), lamp_id(3), lamp_id(5)], 80.0)
    assert (told.first_night, sum(stretch.nights for stretch in only.stretches)) == (date(2026, 11, 21), 400)


async def test_what_is_planned_follows_what_each_edge_holds(service: Service, clock: DomainClock, wall: Wall) -> None:
    dim = (programme("p", {"at": "18:50", "level": 50, "ramp_s": 60}),)
    await in_force(service, plan(group("all", {}, virtual_output=80), programmes=dim))
    await has_all(service, "1")
    takes(service, clock, ONE)
    parts = service.parts
    everyone, lamps = parts.fleet.everyone, parts.fleet.lamps
    await until(lambda: parts.lamps.plan.of(lamps[0], clock.now()).source == "p")
    decided = parts.lamps.plan.of_lamps(everyone, clock.now())
    assert decided.level.tolist() == [40.0, 100.0] * 3, "an edge that has not taken it runs by what it had"
    assert decided.since[0] == clock.now().timestamp(), "its light changes when it takes the plan"
    assert [parts.lamps.plan.of(lamp, clock.now()).level for lamp in lamps] == decided.level.tolist()
    async with service.signed_in() as admin:
        shown = (await admin.get(f"/api/v1/luminaires/{lamp_id(1)}")).json()
        assert (shown["planned_reason"], shown["planned_source"]) == ("weekly_programme", "p")
        dimmed = {"lamps": [lamp_id(1), lamp_id(2)]}, {"type": "resume"}
        preview = {"targets": dimmed[0], "action": dimmed[1]}
        assert (await admin.post("/api/v1/commands/preview", json=preview)).status_code == 200
    assert parts.lamps.plan.programme_levels(np.array([0, 1]), clock.now()).tolist() == [40.0, 100.0]
    wall.advance(hours=12)
    assert parts.lamps.plan.of_lamps(everyone, clock.now()).level.tolist() == [0.0] * 6


async def test_a_kill_in_the_middle_of_sending_leaves_no_edge_behind(settings: Settings, clock: DomainClock) -> None:
    """Sent, and killed before the first document was made; then with one of the two made."""
    async with serving(settings, clock) as running:
        number = await approved(running, ALL_AT_80)
        async with running.parts.database.write() as session:
            row = await load_release(session, "halong", number)
            assert row is not None
            row.state, row.sent_by, row.sent_at = SENT, "planner", clock.now()
            row.members = orjson.dumps({"all": [lamp_id(1), lamp_id(2)]}).decode()
    async with serving(settings, clock) as running:
        await has_all(running, "1")
        hashes = {edge: running.parts.documents.wanted(edge, LIGHT) for edge in (ONE, OTHER)}
        takes(running, clock, ONE)
        await until(lambda: running.parts.lamps.plan.of(running.parts.fleet.lamps[0], clock.now()).source)
    async with serving(settings, clock) as running:
        plan_now = running.parts.lamps.plan
        assert plan_now.of(running.parts.fleet.lamps[0], clock.now()).source == "p", "what the edge held is remembered"
        async with running.parts.database.write() as session:
            await save_held(session, [], [ONE])
        await running.parts.light.delivery.deliver()
        kept = {edge: running.parts.documents.wanted(edge, LIGHT) for edge in (ONE, OTHER)}
        assert [row and row.hash for row in kept.values()] == [row and row.hash for row in hashes.values()]
    async with serving(settings, clock) as running:  # killed after the edge had said it, and before it was noted
        lamp = running.parts.fleet.lamps[0]
        await until(lambda: running.parts.lamps.plan.of(lamp, clock.now()).source == "p")


async def test_documents_are_made_anew_before_their_nights_run_out(service: Service, wall: Wall) -> None:
    await in_force(service, ALL_AT_80)
    await has_all(service, "1")
    made = document(service, ONE)
    wall.advance(days=30)
    await service.parts.light.delivery.deliver()
    assert document(service, ONE) == made
    wall.advance(days=45)
    await service.parts.light.delivery.deliver()
    renewed = document(service, ONE)
    assert made is not None
    assert renewed is not None
    assert (renewed.release, renewed.first_night - made.first_night) == ("1", timedelta(days=75))


async def test_going_back_is_another_release_and_drift_is_shown(settings: Settings, clock: DomainClock) -> None:
    folder = Path(str(settings.sites[0].inventory)).parent
    async with serving(settings, clock) as running:
        await in_force(running, ALL_AT_80)
        assert await approved(running, plan(), 1) == 2
        async with running.signed_in(Role.PLANNER) as planner:
            await send(planner, 2)
            back = await planner.post(f"{PATH}/releases", json={"reason": "too dark", "from": 1})
            assert (back.status_code, back.json()["number"], back.json()["lamps"]) == (201, 3, 6)
            states = [one["state"] for one in (await planner.get(f"{PATH}/releases")).json()]
            assert states == ["proposed", "sent", "replaced"]
            assert (await planner.get(f"{PATH}/releases/1")).json()["plan"]["groups"][0]["virtual_output"] == 80
            assert (await planner.post(f"{PATH}/releases", json={"reason": "x", "from": 9})).status_code == 404
            async with running.signed_in(Role.SHIFT_LEAD) as lead:
                await lead.post(f"{PATH}/releases/3/decision", json={"agree": True})
            await send(planner, 3)
            await save(planner, ALL_AT_80, 2)
    city = small_city(8)
    write_city(folder / "inventory.json", city.model_copy(update={"luminaires": city.luminaires[1:]}))
    async with serving(settings, clock) as running, running.signed_in(Role.PLANNER) as planner:
        [group_now] = (await planner.get(f"{PATH}/plan")).json()["groups"]
        assert (group_now["lamps"], group_now["joined"], group_now["left"]) == (7, 2, 1)
        night = (await planner.get(f"{PATH}/night", params={"night": "2026-11-21", "of": "in_force"})).json()
        assert [one["lamps"] for one in night["groups"]] == [5], "those that it was sent with"
        await has_all(running, "3")
        told = document(running, ONE)
        assert told is not None
        assert lamp_id(1) not in told.sets[0].lamps
        assert lamp_id(7) not in told.sets[0].lamps, "who joined is told with the next release"
    kinds = tuple(kind.model_copy(update={"control": "relay"}) for kind in city.luminaire_types)
    write_city(folder / "inventory.json", city.model_copy(update={"luminaire_types": kinds}))
    async with serving(settings, clock) as running:
        await until(lambda: (told := document(running, OTHER)) and told.relays)


async def test_an_approved_plan_that_no_longer_fits_the_city_is_not_sent(
    settings: Settings, clock: DomainClock
) -> None:
    """The road was of class M4 when it was approved, and the inventory has M3 since: 45 % leaves it too dark."""
    folder, city = Path(str(settings.sites[0].inventory)).parent, small_city()
    dim = programme("p", {"at": "23:00", "level": 45}, {"at": "05:00", "level": 100})
    async with serving(settings, clock) as running:
        await in_force(running, ALL_AT_80)
        await approved(running, plan(group("g", {}, road_class="M4"), programmes=(dim,)), 1)
    lamps = tuple(lamp.model_copy(update={"road_class": "M3"}) for lamp in city.luminaires)
    write_city(folder / "inventory.json", city.model_copy(update={"luminaires": lamps}))
    async with serving(settings, clock) as running, running.signed_in(Role.PLANNER) as planner:
        refused = await send(planner, 2)
        shown = [(one["number"], one["state"]) for one in (await planner.get(f"{PATH}/releases")).json()]
    assert (refused.status_code, refused.json()["detail"]["code"]) == (400, "bad_plan")
    [finding] = refused.json()["detail"]["findings"]
    assert (finding["code"], finding["figures"]["step"], finding["figures"]["road_class"]) == ("below_class", 2, "M3")
    assert shown == [(2, "approved"), (1, "sent")]
    write_city(folder / "inventory.json", city)
    async with serving(settings, clock) as running, running.signed_in(Role.PLANNER) as planner:
        assert (await send(planner, 2)).json()["state"] == "sent"


PLAN = """
programmes: [{id: p, name: {vi: p, en: p}, steps: [{sun: sunset, level: 100}, {sun: sunrise, level: 0}]}]
calendars: [{id: c, name: {vi: c, en: c}, programme: p}]
groups:
  - {id: all, name: {vi: all, en: all}, rule: {area: /halong}, calendar: c}
"""


def first(settings: Settings, folder: Path, text: str) -> Settings:
    (folder / "light.yaml").write_text(text)
    site = settings.sites[0].model_copy(update={"light": folder / "light.yaml"})
    return settings.model_copy(update={"sites": (site,)})


async def test_a_city_begins_with_the_plan_of_its_file_and_only_once(
    settings: Settings, clock: DomainClock, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"light.yaml:1: programs: unknown key"):
        await serving(first(settings, tmp_path, "programs: []"), clock).__aenter__()
    async with serving(first(settings, tmp_path, PLAN), clock) as running:
        await has_all(running, "1")
        async with running.signed_in(Role.PLANNER) as planner:
            shown = (await planner.get(f"{PATH}/plan")).json()
            assert (shown["version"], shown["in_force"]["state"], shown["in_force"]["lamps"]) == (1, "sent", 6)
            await save(planner, ALL_AT_80, 1)
        text = config.parse(PLAN.replace("calendar: c}", "calendar: d}"), "light.yaml")
        bad = First("halong", text, config.validate(text, LightPlan))
        with pytest.raises(ConfigError, match=r"light.yaml:5: groups.*calendar: unknown calendar"):
            await running.parts.light.first.take_one(bad)
        late = First("halong", text, LightPlan.model_validate(ALL_AT_80))
        await running.parts.light.first.take_one(late)
        assert running.parts.light.delivery.number("halong") == 1, "somebody has planned meanwhile"
    again = first(settings, tmp_path, "no longer read")
    async with serving(again, clock) as running, running.signed_in(Role.PLANNER) as planner:
        assert (await planner.get(f"{PATH}/plan")).json()["version"] == 2
