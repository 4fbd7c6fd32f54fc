"""Few may switch many lamps, and not by a slip of the hand."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.commands import Action, Emergency, LockOut, Override, Resume, SelfTest, Unlock
from rules.consent import (
    Counts,
    Given,
    Limits,
    Need,
    Past,
    Sure,
    brings_light,
    counted,
    missing,
    needs,
    person_of,
    sureness,
)

LIMITS = Limits(alone=20, one_person=500)
SURE = (Need.REASON, Need.PASSWORD)
EVERYTHING = Given("lan", "storm", password_again=True, second="minh")
T = datetime(2026, 3, 20, 12, tzinfo=UTC)
DIM = Override(level=40, until=T)

lamps = st.sets(st.text("abcdef", min_size=1, max_size=2))
pasts = st.lists(st.builds(Past, st.text("abcdef", min_size=1, max_size=2), st.sampled_from(Sure)))


def names(count: int, first: int = 0) -> list[str]:
    return [f"L{n}" for n in range(first, first + count)]


def asked(now: list[str], *past: Past) -> tuple[Need, ...]:
    return needs(DIM, counted(now, past), LIMITS)


@pytest.mark.parametrize(
    ("count", "wanted"),
    [(0, ()), (1, ()), (20, ()), (21, SURE), (500, SURE), (501, (*SURE, Need.SECOND_PERSON))],
)
def test_the_more_lamps_the_more_it_takes(count: int, wanted: tuple[Need, ...]) -> None:
    assert asked(names(count)) == wanted
    assert missing(wanted, Given("lan")) == wanted
    assert missing(wanted, EVERYTHING) == ()


def test_small_commands_add_up() -> None:
    past = [Past(name, Sure.ALONE) for name in names(20)]
    assert asked(["L20"], *past) == SURE
    assert asked(["L19"], *past) == (), "the same lamp again is no other lamp"


def test_what_was_consented_to_is_not_asked_again_but_counts_towards_the_second_person() -> None:
    past = [Past(name, Sure.ONE_PERSON) for name in names(500)]
    assert asked(names(20), *past) == ()
    assert asked(["L500"], *past) == (*SURE, Need.SECOND_PERSON)


def test_what_two_have_agreed_to_no_longer_counts() -> None:
    assert asked(names(20, 5000), *[Past(name, Sure.TWO_PERSONS) for name in names(5000)]) == ()


def test_more_light_does_not_count() -> None:
    assert asked(names(20, 5000), *[Past(name, Sure.EXEMPT) for name in names(5000)]) == ()


@pytest.mark.parametrize(
    ("said", "lacks"),
    [
        (Given("lan", "  ", password_again=True, second="minh"), Need.REASON),
        (Given("lan", "storm", password_again=False, second="minh"), Need.PASSWORD),
        (Given("lan", "storm", password_again=True, second="lan"), Need.SECOND_PERSON),
        (Given("lan", "storm", password_again=True), Need.SECOND_PERSON),
    ],
)
def test_what_is_missing_is_named(said: Given, lacks: Need) -> None:
    assert missing((*SURE, Need.SECOND_PERSON), said) == (lacks,)


@given(lamps, lamps, pasts, pasts, st.integers(0, 12), st.integers(0, 12))
def test_one_more_lamp_now_or_before_never_takes_less(
    now: set[str], more: set[str], past: list[Past], further: list[Past], alone: int, above: int
) -> None:
    limits = Limits(alone, alone + above)
    less = needs(DIM, counted(now, past), limits)
    assert set(less) <= set(needs(DIM, counted(now | more, [*past, *further]), limits))


@given(lamps, st.integers(1, 30))
def test_cutting_a_command_into_small_ones_gains_nothing(all_of_them: set[str], alone: int) -> None:
    """Whoever commands lamp by lamp without giving anything stops at the limit."""
    limits = Limits(alone, 500)
    done: list[Past] = []
    for lamp in sorted(all_of_them):
        if not needs(DIM, counted([lamp], done), limits):
            done.append(Past(lamp, Sure.ALONE))
    assert len(done) == min(len(all_of_them), alone)


@pytest.mark.parametrize(
    ("wanted", "sure"),
    [((), Sure.ALONE), (SURE, Sure.ONE_PERSON), ((*SURE, Need.SECOND_PERSON), Sure.TWO_PERSONS)],
)
def test_what_came_with_it_is_kept(wanted: tuple[Need, ...], sure: Sure) -> None:
    assert sureness(wanted) is sure


def test_full_light_and_the_way_back_are_never_held_up() -> None:
    assert brings_light(Resume())
    assert brings_light(Override(level=100, until=T))
    assert not brings_light(Override(level=99.5, until=T))
    assert not brings_light(Override(level=0, until=T))


@pytest.mark.parametrize(
    ("action", "few", "very_many"),
    [
        (Emergency(until=T), (), ()),
        (Emergency(level=30, until=T), (), (*SURE, Need.SECOND_PERSON)),
        (LockOut(), (Need.REASON,), (*SURE, Need.SECOND_PERSON)),
        (Unlock(), (Need.REASON,), (Need.REASON,)),
        (SelfTest(), (), (*SURE, Need.SECOND_PERSON)),
    ],
)
def test_an_emergency_is_light_and_a_lock_out_is_darkness_that_always_has_a_reason(
    action: Action, few: tuple[Need, ...], very_many: tuple[Need, ...]
) -> None:
    assert needs(action, Counts(1, 1), LIMITS) == few
    assert needs(action, Counts(600, 600), LIMITS) == very_many
    assert sureness(few) is Sure.ALONE


def test_limits_that_cross_are_refused() -> None:
    with pytest.raises(ValueError, match="may not switch more"):
        Limits(alone=30, one_person=20)
    assert needs(DIM, Counts(0, 0), Limits(0, 0)) == ()


@pytest.mark.parametrize(("who", "person"), [("lan", "lan"), ("lan#meter", "lan"), ("rule:dusk", "rule:dusk")])
def test_a_machine_commands_for_who_made_it(who: str, person: str) -> None:
    assert person_of(who) == person
