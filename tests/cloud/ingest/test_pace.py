"""Watermarks are told soon and not too often; pauses grow and stay within their bounds."""

from cloud.ingest.pace import Pace
from cloud.ingest.pause import Pause


def test_the_first_watermark_of_an_edge_is_due_at_once() -> None:
    pace = Pace(0.2)
    pace.touch("a", 10.0)
    assert pace.take(10.0) == ["a"]
    assert pace.take(10.0) == []


def test_what_happens_soon_after_waits_and_is_told_once() -> None:
    pace = Pace(0.2)
    pace.touch("a", 10.0)
    pace.take(10.0)
    for now in (10.05, 10.1, 10.15):
        pace.touch("a", now)
        assert pace.take(now) == []
    assert pace.wait(10.15, 1.0) == 10.2 - 10.15
    assert pace.take(10.2) == ["a"]
    assert pace.wait(10.2, 1.0) == 1.0


def test_edges_do_not_wait_for_each_other() -> None:
    pace = Pace(0.2)
    pace.touch("a", 10.0)
    pace.take(10.0)
    pace.touch("a", 10.1)
    pace.touch("b", 10.1)
    assert pace.take(10.1) == ["b"]


def test_pauses_grow_to_the_longest_and_begin_anew_after_a_success() -> None:
    pause = Pause(1.0, 5.0)
    for longest in (1.0, 2.0, 4.0, 5.0, 5.0):
        assert longest / 2 <= pause.next() <= longest
    pause.reset()
    assert pause.next() <= 1.0
