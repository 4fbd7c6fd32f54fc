"""Within a round a unit is given what is plenty for this bus, and never more than its time-out."""

from edge_agent.patience import Patience
from edge_agent.quarantine import Quarantine

UNIT, OTHER, SLOW = 11, 12, 13


def test_an_eighth_of_the_time_out_is_enough_at_first() -> None:
    """Ten units that are dead from the start must not cost ten time-outs; whoever is slow is asked again in peace."""
    patience = Patience(1.0, {})
    assert patience.at_first(UNIT) == 0.125
    patience.answered(UNIT, 0.004)
    assert patience.at_first(UNIT) == patience.at_first(OTHER) == 0.125


def test_a_stranger_is_given_as_much_as_the_slowest_of_the_others() -> None:
    patience = Patience(1.0, {})
    patience.answered(UNIT, 0.2)
    assert patience.at_first(OTHER) == 0.8


def test_a_unit_is_given_four_times_what_it_took_up_to_its_own_time_out() -> None:
    patience = Patience(1.0, {SLOW: 5.0})
    patience.answered(UNIT, 0.2)
    patience.answered(SLOW, 0.9)
    assert patience.at_first(UNIT) == 0.8
    assert patience.at_first(SLOW) == 3.6
    patience.answered(UNIT, 0.9)
    assert patience.at_first(UNIT) == 1.0
    assert (patience.longest(UNIT), patience.longest(SLOW)) == (1.0, 5.0)


def test_one_slow_answer_is_forgotten_in_time() -> None:
    patience = Patience(1.0, {})
    patience.answered(UNIT, 1.0)
    for _ in range(60):
        patience.answered(UNIT, 0.004)
    assert patience.at_first(UNIT) < 0.2


def test_who_is_only_suspected_is_asked_again_and_not_told() -> None:
    silences = Quarantine(1.0, 20.0)
    silences.suspect(UNIT, 0.0)
    assert (UNIT in silences, len(silences), silences.due(0.0, {UNIT})) == (True, 0, UNIT)
    assert silences.answered(UNIT, 0.5) is None
    assert UNIT not in silences


def test_a_suspect_that_stays_silent_is_news_once() -> None:
    silences = Quarantine(1.0, 20.0)
    silences.suspect(UNIT, 0.0)
    assert [silences.silent(UNIT, float(now)) for now in range(3)] == [True, False, False]
    assert len(silences) == 1
    assert silences.answered(UNIT, 7.0) == 7.0
