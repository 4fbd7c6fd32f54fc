"""Any device's values over HTTP."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query
from pydantic import AfterValidator, AwareDatetime

from cloud.doors import doors
from cloud.errors import ErrorOut
from cloud.fleet.access import SeenDevice
from cloud.latest.schemas import DeviceLatestOut, ReadingsOut
from cloud.latest.service import Measurements
from cloud.parts import part
from protocols.quantities import QUANTITIES

router = doors("devices", prefix="/devices/{device_id}", refuses=(404,))

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _known(quantity: str) -> str:
    if quantity not in QUANTITIES:
        raise ValueError(f"{quantity} is not one of the quantities of this system")
    return quantity


def _since_1970(at: datetime) -> datetime:
    if at < _EPOCH:
        raise ValueError("nothing was measured before 1970")
    return at


MeasurementsPart = Annotated[Measurements, Depends(part(lambda parts: parts.measurements))]
Quantity = Annotated[str, AfterValidator(_known)]
Moment = Annotated[AwareDatetime, AfterValidator(_since_1970)]


@router.get("/latest")
async def latest(device_id: SeenDevice, measurements: MeasurementsPart) -> DeviceLatestOut:
    """The newest values of a device."""
    return measurements.now_of(device_id)


@router.get("/readings", responses={400: {"model": ErrorOut}, 503: {"model": ErrorOut}})
async def over_time(
    device_id: SeenDevice,
    measurements: MeasurementsPart,
    quantity: Annotated[list[Quantity], Query(min_length=1, max_length=32)],
    start: Annotated[Moment | None, Query(alias="from")] = None,
    end: Annotated[Moment | None, Query(alias="to")] = None,
) -> ReadingsOut:
    """The values of a device over time."""
    return await measurements.over_time(device_id, quantity, start, end)
