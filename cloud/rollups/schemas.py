"""Energy and hours as the console sees them."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel

from cloud.rollups.periods import Step

EventName = Literal["reset", "swap", "gap", "dip"]


class By(StrEnum):
    """What energy is summed up by."""

    LAMP = "lamp"
    METER = "meter"
    SEGMENT = "segment"
    CABINET = "cabinet"
    WARD = "ward"
    GROUP = "group"
    CITY = "city"
    PROVINCE = "province"


class EnergyRowOut(BaseModel):
    """One period of one thing. `energy_kwh` is what is known; nothing at all is `None`.

    `estimated_kwh` is the part of it that was not told by a register near the edge of its hour. `missing_hours` of
    `device_hours` are not known; `measured_share` is the part of `device_hours` that is neither estimated nor missing,
    weighed by energy for sums.
    """

    id: str
    start: datetime
    end: datetime
    energy_kwh: float | None
    estimated_kwh: float
    device_hours: int
    missing_hours: int
    measured_share: float | None
    events: list[EventName]


class EnergyOut(BaseModel):
    """Rows by id and time. Days and months are those of `timezone`."""

    by: By
    step: Step
    unit: Literal["kWh"] = "kWh"
    timezone: str
    rows: list[EnergyRowOut]


class HoursOut(BaseModel):
    """Hours of one device in order of time (Unix seconds): for each quantity n, min, mean, max and last."""

    id: str
    kind: str
    at: list[int]
    quantities: dict[str, dict[str, list[float | None]]]
    units: dict[str, str]
