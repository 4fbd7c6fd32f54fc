"""Energy over HTTP: exact over days and months, by the city's own time, for who may see measurements."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pytest

from cloud.errors import Refused
from cloud.people.rights import Role
from cloud.rollups.periods import Step, periods
from cloud.settings import Settings, Site
from cloud.telemetry.store import Summaries
from protocols.clock import DomainClock
from rules.energy import HOUR_S, Event, Grade
from tests.cloud.cities import lamp_id, write_second_city
from tests.cloud.clocks import EVENING, Wall
from tests.cloud.serving import Service, serving

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
MONTH = datetime(2026, 11, 1, tzinfo=HANOI)
NEXT = datetime(2026, 12, 1, tzinfo=HANOI)
HOURS = 30 * 24


def energy(lamp: int, hour: int) -> int:
    """Whole Wh, different in every hour."""
    return 7 * lamp + hour * 13 % 97


async def fill(service: Service) -> None:
    """A month of two lamps and of their ward; one hour is missing, one was estimated after a swap."""
    first = int(MONTH.timestamp())
    at = [first + n * HOUR_S for n in range(HOURS)]
    rows = [(lamp, n) for lamp in (1, 3) for n in range(HOURS)]
    fields: dict[str, list[float | None]] = {
        "energy_wh": [None if (lamp, n) == (1, 100) else energy(lamp, n) for lamp, n in rows],
        "energy_q": [_grade(lamp, n) for lamp, n in rows],
        "energy_events": [float(Event.SWAP if (lamp, n) == (3, 50) else 0) for lamp, n in rows],
        "active_power_mean": [float(lamp) for lamp, _ in rows],
    }
    keys = [lamp_id(lamp) for lamp, _ in rows]
    ward = {
        "energy_wh": [float(energy(1, n) + energy(3, n)) for n in range(HOURS)],
        "energy_estimated_wh": [0.0] * HOURS,
        "energy_missing_n": [1.0] * HOURS,
        "energy_events": [0.0] * HOURS,
        "lamps_n": [3.0] * HOURS,
    }
    await service.parts.measurements.store.write_summaries(
        [Summaries("luminaire_1h", keys, at * 2, fields), Summaries("ward_1h", ["W1"] * HOURS, at, ward)]
    )


def _grade(lamp: int, n: int) -> float:
    if (lamp, n) == (1, 100):
        return float(Grade.MISSING)
    return float(Grade.ESTIMATED if (lamp, n) == (3, 50) else Grade.MEASURED)


async def ask(client: httpx2.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    span = {"from": MONTH.isoformat(), "to": NEXT.isoformat()}
    answer = await client.get("/api/v1/energy", params={**span, **query})
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["rows"]
    return rows


def wh(rows: Sequence[dict[str, Any]]) -> list[int]:
    return [round(row["energy_kwh"] * 1000) for row in rows]


@pytest.fixture
async def month(service: Service, wall: Wall) -> Service:
    """A service in the middle of December, with November behind it."""
    await fill(service)
    wall.seconds = (NEXT + timedelta(days=14)).timestamp()
    return service


async def test_hours_add_up_to_days_and_days_to_the_month_exactly(month: Service) -> None:
    async with month.signed_in() as client:
        hours, days, months = [
            await ask(client, by="lamp", id=lamp_id(3), step=step) for step in ("hour", "day", "month")
        ]
    assert (len(hours), len(days), len(months)) == (720, 30, 1)
    assert wh(hours) == [energy(3, n) for n in range(HOURS)]
    assert wh(days) == [sum(wh(hours)[24 * day : 24 * day + 24]) for day in range(30)]
    assert wh(months) == [sum(wh(days))]
    assert months[0]["start"] == "2026-10-31T17:00:00Z"
    assert months[0]["end"] == "2026-11-30T17:00:00Z"


async def test_what_is_missing_estimated_and_odd_is_said(month: Service) -> None:
    async with month.signed_in() as client:
        [gap] = await ask(client, by="lamp", id=lamp_id(1), step="month")
        swapped = await ask(client, by="lamp", id=lamp_id(3), step="day")
        [never] = await ask(client, by="lamp", id=lamp_id(5), step="month")
    assert (gap["device_hours"], gap["missing_hours"], gap["events"]) == (720, 1, [])
    assert gap["measured_share"] == round(719 / 720, 3)
    assert [row["events"] for row in swapped[:4]] == [[], [], ["swap"], []]
    assert swapped[2]["estimated_kwh"] == energy(3, 50) / 1000
    assert 0.9 < swapped[2]["measured_share"] < 1
    assert (never["energy_kwh"], never["missing_hours"], never["measured_share"]) == (None, 720, 0.0)


async def test_a_ward_has_the_hours_of_all_its_lamps(month: Service) -> None:
    async with month.signed_in() as client:
        [ward] = await ask(client, by="ward", id="W1", step="month")
        wards = await ask(client, by="ward", step="month")
    assert wh([ward]) == [sum(energy(1, n) + energy(3, n) for n in range(HOURS))]
    assert (ward["device_hours"], ward["missing_hours"]) == (3 * 720, 720)
    assert [row["id"] for row in wards] == ["W1", "W2"]


async def test_hours_that_are_not_over_are_not_missing(service: Service) -> None:
    span = {"from": EVENING - timedelta(hours=2), "to": EVENING + timedelta(hours=2)}
    async with service.signed_in() as client:
        times = {name: at.isoformat() for name, at in span.items()}
        rows = await ask(client, by="lamp", id=lamp_id(1), step="hour", **times)
    assert [row["missing_hours"] for row in rows] == [1, 0, 0, 0]  # the hour that just ended still waits for stragglers


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ({"by": "lamp", "id": "HL-999999"}, 404, "there is no lamp HL-999999"),
        ({"by": "ward", "id": "W1", "from": NEXT, "to": MONTH}, 400, "`from` must be before `to`"),
        ({"by": "ward", "from": MONTH.replace(year=2020), "to": NEXT}, 400, "ask for at most 366 days"),
        ({"by": "street"}, 422, "Input should be 'lamp', 'meter', 'segment'"),
        ({"by": "ward", "step": "week"}, 422, "Input should be 'hour', 'day' or 'month'"),
        ({"by": "ward", "from": "yesterday"}, 422, "valid datetime"),
        ({"by": "ward", "from": "2026-11-01T00:00:00"}, 422, "timezone"),
        ({}, 422, "Field required"),
    ],
)
async def test_nonsense_is_answered_with_what_is_wrong(
    service: Service, query: dict[str, Any], status: int, message: str
) -> None:
    told = {key: value.isoformat() if isinstance(value, datetime) else value for key, value in query.items()}
    async with service.signed_in() as client:
        answer = await client.get("/api/v1/energy", params=told)
    assert answer.status_code == status
    assert message in answer.text


async def test_who_may_see_measurements_may_see_energy_and_nobody_else(service: Service) -> None:
    async with service.signed_in(Role.VIEWER) as client:
        assert (await client.get("/api/v1/energy?by=city")).status_code == 200
    async with service.anonymous() as client:
        assert (await client.get("/api/v1/energy?by=city")).status_code == 401
        assert (await client.get(f"/api/v1/devices/{lamp_id(1)}/hours?quantity=active_power")).status_code == 401


async def test_a_chart_of_hours_has_a_column_for_each_statistic(month: Service) -> None:
    span = {"from": MONTH.isoformat(), "to": (MONTH + timedelta(hours=3)).isoformat()}
    async with month.signed_in() as client:
        answer = await client.get(
            f"/api/v1/devices/{lamp_id(3)}/hours", params={"quantity": ["active_power", "voltage"], **span}
        )
        nobody = await client.get("/api/v1/devices/HL-999999/hours", params={"quantity": "voltage"})
    found = answer.json()
    assert found["at"] == [int(MONTH.timestamp()) + n * HOUR_S for n in range(3)]
    assert found["quantities"]["active_power"]["mean"] == [3.0] * 3
    assert found["quantities"]["voltage"]["mean"] == [None] * 3
    assert found["units"] == {"active_power": "W", "voltage": "V"}
    assert nobody.status_code == 404


def test_a_day_in_which_clocks_change_has_its_own_number_of_hours() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    days = periods(Step.DAY, datetime(2026, 10, 24, tzinfo=berlin), datetime(2026, 10, 27, tzinfo=berlin), berlin)
    assert [(end - start) // HOUR_S for start, end in days] == [24, 25, 24]


def test_periods_are_whole_and_follow_each_other() -> None:
    for step in Step:
        found = periods(step, EVENING, EVENING + timedelta(days=100), HANOI)
        assert all(end == start for (_, end), (start, _) in pairwise(found))
        assert found[0][0] <= EVENING.timestamp() < found[0][1]
        assert found[-1][0] < (EVENING + timedelta(days=100)).timestamp() <= found[-1][1]
    assert [datetime.fromtimestamp(start, HANOI).day for start, _ in periods(Step.MONTH, EVENING, NEXT, HANOI)] == [1]


def test_days_that_begin_within_an_hour_are_refused_and_hours_are_not() -> None:
    kathmandu = ZoneInfo("Asia/Kathmandu")
    day = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
    with pytest.raises(Refused, match="Asia/Kathmandu do not begin with an hour"):
        periods(Step.DAY, *day, kathmandu)
    assert len(periods(Step.HOUR, *day, kathmandu)) == 24


async def test_the_province_is_the_sum_of_its_cities_as_they_were_always_stored(
    settings: Settings, clock: DomainClock, tmp_path: Path
) -> None:
    sites = (*settings.sites, Site.model_validate(write_second_city(tmp_path)))
    at, keys = [int(MONTH.timestamp())] * 3, ["halong", "hanoi", "mongcai"]  # one of them has left the service
    sums = {"energy_wh": [500.0, 9_000.0, 250.0], "energy_estimated_wh": [0.0] * 3, "energy_missing_n": [1.0, 0.0, 0.0]}
    rows = Summaries("city_1h", keys, at, {**sums, "energy_events": [0.0] * 3, "lamps_n": [6.0] * 3})
    async with serving(settings.model_copy(update={"sites": sites}), clock) as service, service.signed_in() as client:
        await service.parts.measurements.store.write_summaries([rows])
        times = {"from": MONTH.isoformat(), "to": (MONTH + timedelta(hours=1)).isoformat()}
        [province] = await ask(client, by="province", step="hour", **times)
        cities = await ask(client, by="city", step="hour", **times)
        alone = await ask(client, by="city", step="hour", site="mongcai", **times)
        of_one = await ask(client, by="province", step="hour", site="mongcai", **times)
    assert (province["id"], province["energy_kwh"], province["missing_hours"]) == ("/", 0.75, 1)
    assert [(row["id"], row["energy_kwh"]) for row in cities] == [("halong", 0.5), ("mongcai", 0.25)]
    assert [row["id"] for row in alone] == ["mongcai"]
    assert of_one == []
