"""What is said over /live, in both directions."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from cloud.alarms.schemas import AlarmOut
from cloud.commands.schemas import CommandOut
from cloud.lighting.schemas import OverviewOut
from protocols.names import Id


class OverviewMessage(OverviewOut):
    type: Literal["overview"] = "overview"


class AlarmMessage(BaseModel):
    type: Literal["alarm"] = "alarm"
    alarm: AlarmOut


class CommandMessage(BaseModel):
    type: Literal["command"] = "command"
    command: CommandOut


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
