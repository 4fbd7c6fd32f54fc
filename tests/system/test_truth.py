"""What a town's readings are judged by."""

from tests.system.truth import matched

T = 1_800_000_000.0


def test_every_answer_is_found_in_its_second_or_a_little_later() -> None:
    match = matched([(T + 0.5, 1.0), (T + 1.5, 2.0)], [(T, 1.0), (T + 2, 2.0)])
    assert (match.absent, match.second, match.invented) == ([], [], [])


def test_an_answer_that_is_not_stored_is_absent() -> None:
    match = matched([(T + 0.5, 1.0), (T + 1.5, 2.0), (T + 2.5, 3.0)], [(T, 1.0), (T + 2, 3.0)])
    assert (match.absent, match.second) == ([T + 1.5], [])


def test_what_was_never_answered_is_invented() -> None:
    assert matched([(T + 0.5, 1.0)], [(T, 7.0)]).invented == [T]


def test_a_second_has_room_for_one_answer() -> None:
    """A machine that was held up makes its late round, and at once the next one."""
    match = matched([(T + 0.1, 1.0), (T + 0.6, 2.0), (T + 1.6, 3.0)], [(T, 1.0), (T + 1, 3.0)])
    assert (match.absent, match.second) == ([T + 0.6], [T + 0.6])


def test_an_answer_that_was_dated_late_takes_the_next_one_s_second() -> None:
    match = matched([(T + 0.9, 1.0), (T + 1.6, 2.0)], [(T + 1, 1.0)])
    assert (match.absent, match.second) == ([T + 1.6], [T + 1.6])
