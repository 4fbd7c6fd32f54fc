"""The life of an alarm episode, after ANSI/ISA-18.2-2016 and IEC 62682 (states A to D and G to I of their diagram).

An episode is born when its condition has been raised and ends when the condition has gone and a person has seen it.
What a person or the topology takes out of the list (shelved, suppressed by design, out of service) comes back as
unacknowledged while its condition lasts, and ends quietly when the condition goes. Latching alarms (states E and F)
are not used: every condition here is measured again by itself.
"""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    """Where an episode stands; the letter is that of the standard's diagram."""

    NORMAL = "normal"  # A, before the condition
    UNACKED = "unacked"  # B
    ACKED = "acked"  # C
    RTN_UNACKED = "rtn_unacked"  # D, the condition has gone and nobody has seen it
    SHELVED = "shelved"  # G, by a person, with an end and a reason
    SUPPRESSED = "suppressed"  # H, by design: it stands under an episode of its ancestor
    OUT_OF_SERVICE = "out_of_service"  # I, by a person, for work on the device
    CLEARED = "cleared"  # A again: over, and never opened again; a new condition is a new episode


class Event(StrEnum):
    """What happens to an episode."""

    RAISED = "raised"  # the condition has held for its on-delay, for the first time or again
    RETURNED = "returned"  # the condition has been gone for its off-delay
    ACKNOWLEDGED = "acknowledged"
    SHELVED = "shelved"
    UNSHELVED = "unshelved"  # by a person or by the end of the shelving
    SUPPRESSED = "suppressed"
    UNSUPPRESSED = "unsuppressed"  # the ancestor's episode is over, the condition is still there
    REMOVED = "removed_from_service"
    RESTORED = "returned_to_service"


NEXT: Mapping[tuple[State, Event], State] = {
    (State.NORMAL, Event.RAISED): State.UNACKED,
    (State.UNACKED, Event.ACKNOWLEDGED): State.ACKED,
    (State.UNACKED, Event.RETURNED): State.RTN_UNACKED,
    (State.UNACKED, Event.SHELVED): State.SHELVED,
    (State.UNACKED, Event.SUPPRESSED): State.SUPPRESSED,
    (State.UNACKED, Event.REMOVED): State.OUT_OF_SERVICE,
    (State.ACKED, Event.RETURNED): State.CLEARED,
    (State.ACKED, Event.SHELVED): State.SHELVED,
    (State.ACKED, Event.SUPPRESSED): State.SUPPRESSED,
    (State.ACKED, Event.REMOVED): State.OUT_OF_SERVICE,
    (State.RTN_UNACKED, Event.ACKNOWLEDGED): State.CLEARED,
    (State.RTN_UNACKED, Event.RAISED): State.UNACKED,  # re-alarm: the same episode goes on
    (State.SHELVED, Event.RETURNED): State.CLEARED,
    (State.SHELVED, Event.UNSHELVED): State.UNACKED,
    (State.SHELVED, Event.REMOVED): State.OUT_OF_SERVICE,
    (State.SUPPRESSED, Event.RETURNED): State.CLEARED,
    (State.SUPPRESSED, Event.UNSUPPRESSED): State.UNACKED,
    (State.SUPPRESSED, Event.REMOVED): State.OUT_OF_SERVICE,
    (State.OUT_OF_SERVICE, Event.RETURNED): State.CLEARED,
    (State.OUT_OF_SERVICE, Event.RESTORED): State.UNACKED,
}

OPEN = frozenset(State) - {State.NORMAL, State.CLEARED}
LISTED = frozenset({State.UNACKED, State.ACKED, State.RTN_UNACKED})  # what the operator's list shows

_EPISODES = uuid.uuid5(uuid.NAMESPACE_OID, "haidang alarm episodes")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def after(state: State, event: Event) -> State:
    """The state after an event; an event that the table does not know changes nothing."""
    return NEXT.get((state, event), state)


def episode_id(rule: str, source: str, raised_at: datetime) -> str:
    """The name of an episode: the same condition of the same source at the same millisecond is the same episode, so
    that a rule which runs twice over the same samples does not raise two."""
    milliseconds = (raised_at - _EPOCH) // timedelta(milliseconds=1)
    return str(uuid.uuid5(_EPISODES, f"{rule}\n{source}\n{milliseconds}"))
