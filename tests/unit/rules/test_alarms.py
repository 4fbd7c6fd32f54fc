"""The life of an alarm, compared with the standard line by line."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.alarms import LISTED, NEXT, OPEN, Event, State, after, episode_id

T = datetime(2026, 3, 20, 12, 0, 0, 123000, tzinfo=UTC)
events = st.lists(st.sampled_from(Event), max_size=15)


def life(*happened: Event) -> State:
    state = State.NORMAL
    for event in happened:
        state = after(state, event)
    return state


@pytest.mark.parametrize(
    ("happened", "state"),
    [
        ([], State.NORMAL),
        ([Event.RAISED], State.UNACKED),
        ([Event.RAISED, Event.ACKNOWLEDGED], State.ACKED),
        ([Event.RAISED, Event.ACKNOWLEDGED, Event.RETURNED], State.CLEARED),
        ([Event.RAISED, Event.RETURNED], State.RTN_UNACKED),
        ([Event.RAISED, Event.RETURNED, Event.ACKNOWLEDGED], State.CLEARED),
        ([Event.RAISED, Event.RETURNED, Event.RAISED], State.UNACKED),
        ([Event.RAISED, Event.SHELVED], State.SHELVED),
        ([Event.RAISED, Event.ACKNOWLEDGED, Event.SHELVED, Event.UNSHELVED], State.UNACKED),
        ([Event.RAISED, Event.SHELVED, Event.RETURNED], State.CLEARED),
        ([Event.RAISED, Event.SUPPRESSED, Event.UNSUPPRESSED], State.UNACKED),
        ([Event.RAISED, Event.SUPPRESSED, Event.RETURNED], State.CLEARED),
        ([Event.RAISED, Event.REMOVED, Event.RESTORED], State.UNACKED),
        ([Event.RAISED, Event.REMOVED, Event.RETURNED], State.CLEARED),
    ],
)
def test_the_usual_lives(happened: list[Event], state: State) -> None:
    assert life(*happened) is state


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", Event)
def test_every_event_has_an_answer_in_every_state(state: State, event: Event) -> None:
    assert after(state, event) is NEXT.get((state, event), state)


@pytest.mark.parametrize("state", sorted(OPEN))
def test_every_open_episode_can_end(state: State) -> None:
    assert State.CLEARED in reachable(state)


def reachable(state: State) -> set[State]:
    found, todo = {state}, [state]
    while todo:
        here = todo.pop()
        new = {after(here, event) for event in Event} - found
        found |= new
        todo += new
    return found


def test_every_state_of_the_standard_is_reached() -> None:
    assert reachable(State.NORMAL) == set(State)


def test_the_table_holds_only_real_changes() -> None:
    assert all(state is not following for (state, _), following in NEXT.items())


@pytest.mark.parametrize("event", Event)
def test_a_cleared_episode_stays_cleared(event: Event) -> None:
    assert after(State.CLEARED, event) is State.CLEARED


@given(events)
def test_saying_the_same_twice_changes_nothing(happened: list[Event]) -> None:
    assert life(*(event for event in happened for _ in range(2))) is life(*happened)


@given(events)
def test_nothing_ends_before_its_condition_has_gone(happened: list[Event]) -> None:
    if life(*happened) is State.CLEARED:
        assert Event.RETURNED in happened


@given(events)
def test_nothing_leaves_the_list_unseen_unless_somebody_or_the_topology_took_it_out(happened: list[Event]) -> None:
    if life(*happened) is State.CLEARED:
        assert {Event.ACKNOWLEDGED, Event.SHELVED, Event.SUPPRESSED, Event.REMOVED} & set(happened)


@given(events)
def test_a_condition_that_is_there_is_somewhere_to_be_found(happened: list[Event]) -> None:
    if Event.RAISED in happened and Event.RETURNED not in happened:
        assert life(*happened) in OPEN


def test_the_operators_list_shows_what_wants_a_person() -> None:
    assert {"unacked", "acked", "rtn_unacked"} == LISTED
    assert LISTED < OPEN


def test_the_same_condition_has_the_same_name_forever() -> None:
    assert episode_id("lamp_out", "HL-000001", T) == "bd57f7a3-c5fc-539a-a0cb-e5a2b4009b8c"
    assert episode_id("lamp_out", "HL-000001", T.astimezone(timezone(timedelta(hours=7)))) == episode_id(
        "lamp_out", "HL-000001", T
    )


def test_another_rule_source_or_moment_is_another_episode() -> None:
    names = {
        episode_id(rule, source, T + timedelta(milliseconds=n))
        for rule in ("lamp_out", "day_burner")
        for source in ("HL-000001", "HL-000002")
        for n in range(3)
    }
    assert len(names) == 12
    assert {UUID(name).version for name in names} == {5}
