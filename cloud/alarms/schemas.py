"""Alarms as the console sees them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from cloud.alarms.episode import Episode
from cloud.fleet.view import View
from cloud.texts import Text
from protocols.names import Words
from rules.alarms import State

ListState = Literal["open", "all"]


class AcknowledgeIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    comment: Words | None = Field(default=None, max_length=500)


class AlarmOut(BaseModel):
    """One episode. `returned_at`: the condition has gone; `cleared_at`: and somebody has seen it."""

    id: str
    rule: str
    source: str
    priority: int
    state: State
    raised_at: datetime
    returned_at: datetime | None
    acked_at: datetime | None
    acked_by: str | None
    comment: str | None
    cleared_at: datetime | None
    title: Text
    place: Text
    reason: Text
    advice: Text
    longitude: float
    latitude: float
    lamp_index: int | None


def alarm_out(episode: Episode, view: View) -> AlarmOut:
    """An episode as the console sees it; the lamp has the number of the view."""
    return AlarmOut(
        id=episode.id,
        rule=episode.rule,
        source=episode.source,
        priority=episode.priority,
        state=episode.state,
        raised_at=episode.raised_at,
        returned_at=episode.returned_at,
        acked_at=episode.acked_at,
        acked_by=episode.acked_by,
        comment=episode.comment,
        cleared_at=episode.cleared_at,
        title=episode.words.title,
        place=episode.words.place,
        reason=episode.words.reason,
        advice=episode.words.advice,
        longitude=episode.longitude,
        latitude=episode.latitude,
        lamp_index=view.number(episode.source),
    )
