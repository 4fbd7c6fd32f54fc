"""One episode of an alarm. Pure: events go in, a new episode comes out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from cloud.texts import Text
from rules import alarms
from rules.alarms import LISTED, Event, State


@dataclass(frozen=True, slots=True)
class Words:
    """What a person reads."""

    title: Text
    place: Text
    reason: Text
    advice: Text


@dataclass(frozen=True, slots=True)
class Episode:
    """All times are domain time; `raised_at` and `returned_at` are those of the samples."""

    id: str
    rule: str
    source: str
    priority: int
    state: State
    raised_at: datetime
    words: Words
    longitude: float
    latitude: float
    returned_at: datetime | None = None
    acked_at: datetime | None = None
    acked_by: str | None = None
    comment: str | None = None
    cleared_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """True when it will never change again."""
        return self.state is State.CLEARED

    @property
    def is_listed(self) -> bool:
        """True while it stands in the operator's list."""
        return self.state in LISTED

    @property
    def is_present(self) -> bool:
        """True while its condition lasts."""
        return self.returned_at is None


def raised_again(episode: Episode) -> Episode:
    """The condition came back before anybody had seen that it was gone."""
    return _moved(episode, Event.RAISED, returned_at=None)


def returned(episode: Episode, at: datetime) -> Episode:
    """The condition has gone, at this event time."""
    return _cleared(_moved(episode, Event.RETURNED, returned_at=at), at)


def acknowledged(episode: Episode, who: str, comment: str | None, at: datetime) -> Episode:
    """Somebody has seen it. Seen a second time it stays as it is."""
    return _cleared(_moved(episode, Event.ACKNOWLEDGED, acked_at=at, acked_by=who, comment=comment), at)


def _moved(episode: Episode, event: Event, **facts: object) -> Episode:
    state = alarms.after(episode.state, event)
    known: Mapping[str, object] = {**facts, "state": state}
    return episode if state is episode.state else replace(episode, **known)  # type: ignore[arg-type]  # checked by callers


def _cleared(episode: Episode, at: datetime) -> Episode:
    return replace(episode, cleared_at=at) if episode.is_over and episode.cleared_at is None else episode
