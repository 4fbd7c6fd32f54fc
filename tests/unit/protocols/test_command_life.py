"""The life of a command is a table: every open one can end, and a late answer is still the truth."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from protocols.commands import (
    ENDS_BADLY,
    LONGEST_OVERRIDE,
    MOST_LAMPS,
    NEXT,
    OPEN,
    Answer,
    Command,
    Group,
    Override,
    Refusal,
    Resume,
    State,
    Step,
    after,
    group_and_place,
    is_expired,
    member_id,
)

T = datetime(2026, 3, 20, 12, tzinfo=UTC)
CLOSED = [state for state in State if state not in OPEN]
steps = st.lists(st.sampled_from(Step), max_size=12)


def life(*happened: Step) -> State:
    state = State.REQUESTED
    for step in happened:
        state = after(state, step)
    return state


def test_the_usual_life() -> None:
    assert life(Step.PUBLISHED) is State.SENT
    assert life(Step.PUBLISHED, Step.ACCEPTED) is State.ACKNOWLEDGED
    assert life(Step.PUBLISHED, Step.ACCEPTED, Step.READ_BACK) is State.CONFIRMED


@pytest.mark.parametrize("state", sorted(OPEN))
def test_every_open_command_ends_when_its_time_runs_out(state: State) -> None:
    assert after(state, Step.RAN_OUT) in CLOSED


@pytest.mark.parametrize("state", sorted(OPEN))
def test_every_open_command_can_be_confirmed_and_refused(state: State) -> None:
    assert after(state, Step.READ_BACK) is State.CONFIRMED
    assert after(state, Step.REFUSED) is State.FAILED


@pytest.mark.parametrize("step", Step)
def test_confirmed_and_failed_are_the_last_word(step: Step) -> None:
    assert after(State.CONFIRMED, step) is State.CONFIRMED
    assert after(State.FAILED, step) is State.FAILED


def test_nobody_took_it_is_not_the_same_as_nobody_said_how_it_ended() -> None:
    assert life(Step.PUBLISHED, Step.RAN_OUT) is State.EXPIRED
    assert life(Step.PUBLISHED, Step.ACCEPTED, Step.RAN_OUT) is State.UNKNOWN


def test_an_answer_that_was_on_its_way_when_the_cloud_gave_up_corrects_the_record() -> None:
    assert life(Step.PUBLISHED, Step.RAN_OUT, Step.ACCEPTED) is State.UNKNOWN
    assert life(Step.PUBLISHED, Step.RAN_OUT, Step.ACCEPTED, Step.READ_BACK) is State.CONFIRMED
    assert life(Step.PUBLISHED, Step.RAN_OUT, Step.READ_BACK) is State.CONFIRMED
    assert life(Step.PUBLISHED, Step.RAN_OUT, Step.REFUSED) is State.FAILED
    assert life(Step.PUBLISHED, Step.ACCEPTED, Step.RAN_OUT, Step.REFUSED) is State.FAILED


def test_the_edge_may_say_that_it_came_too_late() -> None:
    assert life(Step.PUBLISHED, Step.TOO_LATE) is State.EXPIRED


def test_a_device_that_sleeps_is_waited_for_and_says_how_it_ended() -> None:
    waiting = Step.PUBLISHED, Step.ACCEPTED, Step.WAITING
    assert life(*waiting) is State.WAITING
    assert life(*waiting, Step.READ_BACK) is State.CONFIRMED
    assert life(*waiting, Step.TOO_LATE) is State.EXPIRED
    assert life(*waiting, Step.RAN_OUT) is State.UNKNOWN, "it may have woken just then"
    assert life(*waiting, Step.RAN_OUT, Step.TOO_LATE) is State.EXPIRED
    assert life(Step.PUBLISHED, Step.ACCEPTED, Step.TOO_LATE) is State.EXPIRED


@given(steps)
def test_a_closed_command_never_opens_again(happened: list[Step]) -> None:
    state = State.REQUESTED
    closed = False
    for step in happened:
        state = after(state, step)
        assert not (closed and state in OPEN)
        closed = state in CLOSED


@given(steps)
def test_saying_the_same_twice_changes_nothing(happened: list[Step]) -> None:
    doubled = [step for step in happened for _ in range(2)]
    assert life(*doubled) is life(*happened)


@given(st.permutations([Step.PUBLISHED, Step.ACCEPTED, Step.READ_BACK]))
def test_a_confirmed_command_is_confirmed_in_whatever_order_the_news_arrives(happened: list[Step]) -> None:
    assert life(*happened) is State.CONFIRMED


def test_the_table_knows_only_real_changes_or_the_repeated_sending() -> None:
    assert {key for key, state in NEXT.items() if key[0] is state} == {(State.SENT, Step.PUBLISHED)}


def command(**changes: object) -> Command:
    good = {
        "id": "c1",
        "target": "HL-000001",
        "action": {"type": "override", "level": 80, "until": T + timedelta(hours=2)},
        "issued_at": T,
        "expires_at": T + timedelta(minutes=1),
        "who": "hoa",
    }
    return Command.model_validate({**good, **changes})


def test_a_command_may_be_carried_out_until_just_before_it_expires() -> None:
    assert not is_expired(command(), T + timedelta(seconds=59.999))
    assert is_expired(command(), T + timedelta(minutes=1))


def test_the_action_is_told_by_its_type() -> None:
    assert isinstance(command().action, Override)
    assert isinstance(command(action={"type": "resume"}).action, Resume)


@pytest.mark.parametrize(
    "changes",
    [
        {"action": {"type": "override", "level": 80}},
        {"action": {"type": "override", "level": 80, "until": T + LONGEST_OVERRIDE + timedelta(seconds=1)}},
        {"action": {"type": "override", "level": 101, "until": T}},
        {"action": {"type": "override", "level": -0.5, "until": T}},
        {"action": {"type": "override", "level": float("nan"), "until": T}},
        {"action": {"type": "override", "level": 80, "until": T.replace(tzinfo=None)}},
        {"action": {"type": "blink"}},
        {"target": "HL/000001"},
        {"who": ""},
        {"expires_at": None},
        {"surprise": 1},
    ],
)
def test_a_command_without_an_end_a_level_or_a_name_is_impossible(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        command(**changes)


@pytest.mark.parametrize("step", [Step.ACCEPTED, Step.WAITING, Step.READ_BACK, Step.REFUSED, Step.TOO_LATE])
@pytest.mark.parametrize("refusal", [None, Refusal.NO_ANSWER])
def test_a_bad_end_says_why_and_a_good_one_has_nothing_to_say(step: Step, refusal: Refusal | None) -> None:
    facts = {"id": "c1", "step": step, "at": T, "refusal": refusal}
    if (step in ENDS_BADLY) == (refusal is not None):
        assert Answer.model_validate(facts).refusal is refusal
    else:
        with pytest.raises(ValidationError, match="a bad end has one"):
            Answer.model_validate(facts)


def test_why_is_a_word_of_the_list_and_no_sentence() -> None:
    with pytest.raises(ValidationError, match="refusal"):
        Answer.model_validate({"id": "c1", "step": Step.REFUSED, "at": T, "refusal": "the lamp does not answer"})


def test_an_override_lasts_a_day_at_most() -> None:
    assert timedelta(hours=24) == LONGEST_OVERRIDE


def test_a_group_is_one_command_to_each_of_its_lamps() -> None:
    said = command().model_dump(exclude={"v", "id", "target"})
    first, second = Group.model_validate({"id": "g", "lamps": ["L1", "L2"], **said}).commands()
    assert first == command(id="g-0", target="L1")
    assert second == command(id="g-1", target="L2")


@given(st.from_regex(r"[A-Za-z0-9_-]{1,60}", fullmatch=True), st.integers(0, MOST_LAMPS - 1))
def test_the_id_of_a_member_says_its_group_and_place(group: str, place: int) -> None:
    assert group_and_place(member_id(group, place)) == (group, place)


@given(st.text(max_size=70))
def test_no_two_groups_and_places_have_one_id(text: str) -> None:
    found = group_and_place(text)
    assert found is None or member_id(*found) == text
