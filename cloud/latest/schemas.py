"""Any device's values as the console sees them."""

from datetime import datetime

from pydantic import BaseModel


class DeviceLatestOut(BaseModel):
    """The newest values. `flags` holds the QARTOD flag of what is not good; `age_s` is in domain seconds."""

    id: str
    kind: str
    at: datetime | None
    values: dict[str, float | None]
    units: dict[str, str]
    flags: dict[str, int]
    age_s: float | None


class ReadingsOut(BaseModel):
    """Points in order of time (Unix seconds); `None` is a value that is not known or was not read."""

    id: str
    kind: str
    at: list[int]
    quantities: dict[str, list[float | None]]
    units: dict[str, str]
