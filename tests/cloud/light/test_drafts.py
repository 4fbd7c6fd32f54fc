"""The draft is kept whole or not at all, says what is wrong with it, and who has which luminaires."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import orjson
import pytest

from cloud.people.rights import Role
from tests.cloud.cities import lamp_id
from tests.cloud.light.plans import ALL_AT_80, PATH, group, plan, programme, save
from tests.cloud.serving import Service

OVER_W1 = [[107.0, 20.9], [107.2, 20.9], [107.2, 21.0], [107.0, 21.0]]


@pytest.fixture
async def planner(service: Service) -> AsyncIterator[httpx2.AsyncClient]:
    async with service.signed_in(Role.PLANNER) as client:
        yield client


async def test_a_draft_is_changed_whole_and_by_one_at_a_time(service: Service, planner: httpx2.AsyncClient) -> None:
    assert (await planner.get(f"{PATH}/plan")).json()["version"] == 0
    answers = await asyncio.gather(save(planner, ALL_AT_80), save(planner, plan()))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert {answer.json()["detail"]["code"] for answer in answers if answer.status_code == 409} == {"changed_meanwhile"}
    kept = (await planner.get(f"{PATH}/plan")).json()
    assert (kept["version"], kept["changed_by"]) == (1, "planner")
    assert (await save(planner, plan(group("g", {"use": "park"})), 1)).json()["version"] == 2
    async with service.signed_in() as admin:
        [last, _] = [row for row in (await admin.get("/api/v1/audit")).json() if row["act"] == "plan_light"]
    assert (last["who"], last["target"], last["parameters"]["groups.added"]) == ("planner", "halong", "g")


async def test_the_first_group_that_fits_has_a_luminaire(planner: httpx2.AsyncClient) -> None:
    wanted = plan(
        group("list", {"lamps": [lamp_id(1), lamp_id(2), "nobody"]}),
        group("area", {"area": "/halong/W1"}),
        group("drawn", {"polygon": OVER_W1, "street": "Đường Hạ Long"}),
        group("rest", {}),
    )
    shown = (await save(planner, wanted)).json()
    counts = {one["id"]: (one["lamps"], one["lamps_claimed_earlier"]) for one in shown["groups"]}
    assert counts == {"list": (2, 0), "area": (2, 1), "drawn": (2, 1), "rest": (0, 6)}
    page = (await planner.get(f"{PATH}/groups/area/lamps", params={"limit": 1, "offset": 1})).json()
    assert (page["total"], [one["id"] for one in page["items"]]) == (2, [lamp_id(5)])
    assert (await planner.get(f"{PATH}/groups/nobody/lamps")).status_code == 404


DARK = programme("p", {"at": "21:00", "level": 0})
ALWAYS_ON = {**programme("p"), "steps": [{"at": "13:00", "level": 100}]}


BAD = {
    "dark_at_dusk": plan(group("g", {}, road_class="M3"), programmes=(DARK,)),
    "always_on": plan(group("g", {}), programmes=(ALWAYS_ON,)),
    "overlapping_steps": plan(
        group("g", {}), programmes=(programme("p", {"at": "23:00", "level": 50}, {"at": "22:00", "level": 80}),)
    ),
    "unknown_calendar": plan({**group("g", {}), "calendar": "other"}),
    "below_class": plan(group("g", {}, road_class="M3"), programmes=(programme("p", {"at": "23:00", "level": 20}),)),
}


async def test_a_bad_plan_is_refused_with_its_place_and_nothing_of_it_is_kept(planner: httpx2.AsyncClient) -> None:
    await save(planner, ALL_AT_80)
    for code, bad in BAD.items():
        refused = await save(planner, bad, 1)
        assert (refused.status_code, refused.json()["detail"]["code"]) == (400, "bad_plan")
        assert code in {finding["code"] for finding in refused.json()["detail"]["findings"]}
        checked = (await planner.post(f"{PATH}/check", json={"plan": bad})).json()
        assert code in {finding["code"] for finding in checked["findings"]}
    kept = (await planner.get(f"{PATH}/plan")).json()
    assert (kept["version"], kept["findings"]) == (1, [])


async def test_a_corner_that_is_nowhere_never_gets_into_the_draft(planner: httpx2.AsyncClient) -> None:
    """JSON cannot write it down: a draft with it could never be read again."""
    for nowhere in ("1e999", "NaN"):
        text = orjson.dumps({"plan": plan(group("g", {"polygon": [[0, 0], [1, 0], [5, 5]]})), "version": 0}).decode()
        content = text.replace("[5,5]", f"[5,{nowhere}]")
        refused = await planner.put(f"{PATH}/plan", content=content, headers={"content-type": "application/json"})
        assert refused.status_code == 422
    assert (await planner.get(f"{PATH}/plan")).json()["version"] == 0


async def test_below_the_road_s_class_somebody_says_why(planner: httpx2.AsyncClient) -> None:
    dim = (programme("p", {"at": "23:00", "level": 20}),)
    wanted = plan(group("g", {}, road_class="M3", below_class_reason="closed at night"), programmes=dim)
    taken = await save(planner, wanted)
    assert taken.status_code == 200
    assert [finding["severity"] for finding in taken.json()["findings"]] == ["needs_reason"]


async def test_a_night_says_what_a_group_does_and_what_that_takes(planner: httpx2.AsyncClient) -> None:
    half = (programme("p", {"at": "22:00", "level": 50}, {"at": "05:00", "level": 100}),)
    await save(planner, plan(group("all", {}, road_class="M3"), programmes=half))
    night = (await planner.get(f"{PATH}/night", params={"night": "2026-11-21", "of": "draft"})).json()
    [shown] = night["groups"]
    assert [(point["level"], point["road_class_reached"]) for point in shown["points"]] == [
        (100, "M3"),
        (50, "M5"),
        (100, "M3"),
        (0, None),
    ]
    assert [night[name][:16] for name in ("sunset", "sunrise")] == ["2026-11-21T10:09", "2026-11-21T23:06"]
    # 6 lamps of 100 W; 12 h 57 min of darkness, 7 h of it at 51 W, and 1 W in standby by day
    assert shown["kwh_full"] == pytest.approx(6 * (0.1 * 12.95 + 0.001 * 11.05), abs=0.02)
    assert shown["kwh"] == pytest.approx(6 * (0.1 * 5.95 + 0.051 * 7 + 0.001 * 11.05), abs=0.02)
    assert shown["saving"] == pytest.approx(1 - shown["kwh"] / shown["kwh_full"], abs=0.001)
    empty = (await planner.get(f"{PATH}/night", params={"night": "2026-11-21", "of": "in_force"})).json()
    assert empty["groups"] == []


async def test_who_may_not_plan_sees_the_nights_of_what_is_saved_and_of_nothing_else(
    service: Service, planner: httpx2.AsyncClient
) -> None:
    wanted, night = plan(group("all", {})), "2026-11-21"
    await save(planner, wanted)
    async with service.signed_in(Role.VIEWER) as viewer:
        saved = await viewer.get(f"{PATH}/night", params={"night": night, "of": "draft"})
        in_force = await viewer.get(f"{PATH}/night", params={"night": night})
        refused = await viewer.post(f"{PATH}/night", json={"night": night, "plan": wanted})
    assert [one["id"] for one in saved.json()["groups"]] == ["all"]
    assert in_force.json()["groups"] == []
    assert (refused.status_code, refused.json()["detail"]["code"]) == (403, "not_allowed")
    taken = await planner.post(f"{PATH}/night", json={"night": night, "plan": wanted})
    assert taken.json() == saved.json()


HOSTILE: list[tuple[dict[str, Any], int]] = [
    ({"night": "0001-01-01", "plan": {}}, 422),
    ({"night": "9999-12-31", "plan": {}}, 422),
    ({"night": "2026-11-21"}, 422),
    ({"night": "2026-11-21", "plan": plan(group("g", {"area": "\0"}))}, 200),
    ({"night": "2026-11-21", "plan": plan(group("g", {"lamps": ["x"] * 20_001}))}, 422),
    ({"night": "2026-11-21", "plan": plan(group("g", {"polygon": [[1e308, -1e308], [0, 0], [5e-324, 1]]}))}, 200),
    ({"night": "2026-11-21", "plan": {"groups": [group("g", {})]}}, 200),
]


async def test_nothing_that_is_asked_of_a_night_breaks_it(planner: httpx2.AsyncClient) -> None:
    answers = [(await planner.post(f"{PATH}/night", json=asked)).status_code for asked, _ in HOSTILE]
    assert answers == [status for _, status in HOSTILE]
    far = [await planner.get(f"{PATH}/night", params={"night": night}) for night in ("0001-01-01", "9999-12-31", "x")]
    assert [answer.status_code for answer in far] == [422, 422, 422]


async def test_a_plan_may_be_long_and_not_endless(planner: httpx2.AsyncClient) -> None:
    many = [f"L{n:05d}" for n in range(20_000)]
    assert (await save(planner, plan(group("g", {"lamps": many})))).status_code == 200
    too_long = await planner.put(f"{PATH}/plan", content=b" " * 2_000_001)
    assert too_long.status_code == 413


async def test_a_plan_that_is_wrong_all_over_is_refused_in_few_words(planner: httpx2.AsyncClient) -> None:
    bodies: list[dict[str, Any]] = [{"groups": [[]] * 600_000}, {f"k{n}": 0 for n in range(150_000)}]
    for wrong in bodies:
        for path, said in (("check", {}), ("night", {"night": "2026-11-21"})):
            refused = await planner.post(f"{PATH}/{path}", json={"plan": wrong, **said})
            assert (refused.status_code, len(refused.json()["detail"])) == (422, 1)
            assert refused.json()["detail"][0]["loc"][:2] == ["body", "plan"]
