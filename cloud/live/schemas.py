"""What is said over /live, in both directions."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from cloud.alarms.schemas import AlarmOut
from cloud.commands.group_schemas import ConsentOut
from cloud.commands.schemas import CommandOut
from cloud.lighting.schemas import OverviewOut
from protocols.commands import State
from protocols.names import Id


class OverviewMessage(OverviewOut):
    type: Literal["overview"] = "overview"


class AlarmMessage(BaseModel):
    type: Literal["alarm"] = "alarm"
    alarm: AlarmOut


class CommandMessage(BaseModel):
    type: Literal["command"] = "command"
    command: CommandOut


class GroupMessage(BaseModel):
    """How many lamps of a group, of those that are seen, are in each state."""

    type: Literal["group"] = "group"
    group: str
    states: dict[State, int]


class ConsentMessage(BaseModel):
    """Somebody asks for a second person, or it has been decided."""

    type: Literal["consent"] = "consent"
    consent: ConsentOut


class LatestMessage(BaseModel):
    """The newest values of a device that this listener has asked for."""

    type: Literal["latest"] = "latest"
    device: str
    at: datetime
    values: dict[str, float | None]


class Subscribe(BaseModel):
    """From the listener: the devices whose readings it wants from now on, instead of those before."""

    model_config = ConfigDict(extra="forbid")

    subscribe: list[Id] = Field(max_length=200)
