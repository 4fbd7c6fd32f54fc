"""Lamps and the state of the whole city as the console sees them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from cloud.alarms.schemas import AlarmOut
from cloud.commands.schemas import CommandOut
from cloud.fleet.edges import Presence
from protocols.inventory import Name, Use

Values = dict[str, float | None]
StateWord = Literal["unknown", "off", "on", "dimmed", "fault", "no_contact", "warning"]


class LuminaireTypeOut(BaseModel):
    id: str
    rated_power_w: float


class LatestOut(BaseModel):
    """The newest values; `age_s` in domain seconds."""

    at: datetime | None
    values: Values
    age_s: float | None


class OverrideOut(BaseModel):
    level: float
    until: datetime
    who: str


class LockedOutOut(BaseModel):
    """Nothing may be lit until somebody unlocks it."""

    who: str
    reason: str | None
    since: datetime


class LuminaireOut(BaseModel):
    """One lamp with everything that is known of it."""

    id: str
    index: int
    cabinet: str
    phase: str
    segment: str
    pole: str
    street: str
    ward: str
    type: LuminaireTypeOut
    longitude: float
    latitude: float
    road_class: str | None = None
    use: Use = "road"
    state: StateWord
    planned_level: float | None
    planned_reason: str | None
    planned_source: str | None = Field(
        description="the programme or the adaptation that decides; null for what says it all"
    )
    latest: LatestOut
    override: OverrideOut | None
    emergency: OverrideOut | None = None
    locked_out: LockedOutOut | None = None
    last_command: CommandOut | None
    open_alarms: list[AlarmOut]


class LuminairesOut(BaseModel):
    """A page of a search; `total` counts all that were found."""

    items: list[LuminaireOut]
    total: int


class SunOut(BaseModel):
    """The next sunset and sunrise, of several cities the first; `None` where there is none within two days."""

    sunset: datetime | None
    sunrise: datetime | None


class LampCountsOut(BaseModel):
    total: int
    unknown: int
    off: int
    on: int
    dimmed: int
    fault: int
    no_contact: int
    warning: int


class EdgeOut(BaseModel):
    id: str
    state: Presence
    since: datetime | None
    last_batch_at: datetime | None
    backlog: bool
    refused: str | None = Field(description="why the edge does not take a document that it should hold")


class EdgesOut(BaseModel):
    online: int
    total: int
    items: list[EdgeOut]


class CommandCountsOut(BaseModel):
    open: int
    failed_1h: int


class StationValuesOut(BaseModel):
    id: str
    kind: str
    name: Name
    at: datetime | None
    values: Values


class AlarmCountsOut(BaseModel):
    unacked: int
    acked: int


class ClockOut(BaseModel):
    now: datetime
    speed: float


class OverviewOut(BaseModel):
    """All that is seen at a glance. `sun_up`: in any city. `feed_delay_s` is the age of the newest reading."""

    at: datetime
    sun: SunOut
    sun_up: bool
    lamps: LampCountsOut
    as_planned_percent: float | None
    power_kw: float | None
    planned_power_kw: float | None
    edges: EdgesOut
    commands: CommandCountsOut
    environment: list[StationValuesOut]
    alarms: AlarmCountsOut
    feed_delay_s: float | None
    clock: ClockOut
