"""No number that an edge sends ends the service: it would be there again after every restart."""

from datetime import timedelta

import pytest

from tests.cloud.cities import lamp_id
from tests.cloud.clocks import EVENING, Wall
from tests.cloud.feeding import Feed, lamp
from tests.cloud.serving import Service

EVERYTHING = (
    "/api/v1/overview",
    "/api/v1/luminaires",
    "/api/v1/map/lamps.bin",
    "/api/v1/alarms?state=all",
    f"/api/v1/devices/{lamp_id(1)}/latest",
    f"/api/v1/devices/{lamp_id(1)}/readings?quantity=active_power&quantity=actual_level",
)


@pytest.mark.parametrize("value", [1e308, -1e308])
@pytest.mark.parametrize("quantity", ["active_power", "actual_level", "target_level", "voltage", "status_bits"])
async def test_a_number_that_no_lamp_has_is_shown_and_ends_nothing(
    service: Service, wall: Wall, quantity: str, value: float
) -> None:
    wall.advance(minutes=10)
    minutes = [EVENING + timedelta(minutes=m) for m in range(10)]
    await Feed(service).readings([lamp(1, at, **{quantity: value}) for at in minutes])
    await service.parts.map_feed.tick()
    async with service.signed_in() as client:
        answered = [await client.get(path) for path in EVERYTHING]
    assert {answer.status_code for answer in answered} == {200}
    assert service.parts.measurements.now_of(lamp_id(1)).values[quantity] == value
