"""Energy and hours over HTTP."""

from typing import Annotated

from fastapi import Depends, Query

from cloud.doors import doors
from cloud.fleet.access import SeenDevice, TelemetryView
from cloud.latest.routes import Moment, Quantity
from cloud.parts import part
from cloud.rollups.periods import Step
from cloud.rollups.schemas import By, EnergyOut, HoursOut
from cloud.rollups.service import Energy

router = doors("energy", refuses=(400, 404, 503))

EnergyPart = Annotated[Energy, Depends(part(lambda parts: parts.energy))]


@router.get("/energy")
async def over_time(
    energy: EnergyPart,
    view: TelemetryView,
    by: By,
    step: Step = Step.DAY,
    ids: Annotated[list[str] | None, Query(alias="id", max_length=1000)] = None,
    start: Annotated[Moment | None, Query(alias="from")] = None,
    end: Annotated[Moment | None, Query(alias="to")] = None,
) -> EnergyOut:
    """Energy by hour, day or month of the city's own time; periods are whole, also the first and the last."""
    return await energy.over_time(by, ids or [], start, end, step, view)


@router.get("/devices/{device_id}/hours")
async def hours(
    device_id: SeenDevice,
    energy: EnergyPart,
    quantity: Annotated[list[Quantity], Query(min_length=1, max_length=32)],
    start: Annotated[Moment | None, Query(alias="from")] = None,
    end: Annotated[Moment | None, Query(alias="to")] = None,
) -> HoursOut:
    """What a device measured hour by hour."""
    return await energy.hours(device_id, quantity, start, end)
