"""The inbox: each name is taken once, the mark has no hole below it, and what is lost is said to be lost."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from cloud.ingest import inbox as inboxes
from cloud.ingest.arrivals import dead_letter
from cloud.ingest.inbox import Accepted, Inbox
from protocols.topics import Stream
from tests.cloud.ingest.batches import EDGE, EPOCH, SITE, arrival, payload
from tests.cloud.ingest.full_disk import largest_file


def mark(inbox: Inbox, edge: str = EDGE) -> int:
    [only] = inbox.marks(edge)
    return only.seq


def names(inbox: Inbox) -> list[int]:
    return [delivery.seq for delivery in inbox.after(0, 1_000)]


def gaps(inbox: Inbox) -> list[tuple[int, int]]:
    return [(gap.first, gap.last) for gap in inbox.gaps()]


def test_a_batch_comes_out_as_it_went_in(inbox: Inbox) -> None:
    inbox.accept([arrival(1, stream=Stream.EVENT)])
    [delivery] = inbox.after(0, 10)
    assert (delivery.site, delivery.edge, delivery.epoch, delivery.seq) == (SITE, EDGE, EPOCH, 1)
    assert (delivery.stream, delivery.received_at, delivery.payload) == (Stream.EVENT, 1_001.0, payload(1))


def test_the_same_name_twice_changes_nothing_even_with_another_payload(inbox: Inbox) -> None:
    assert inbox.accept([arrival(1), arrival(1)]) == Accepted(new=1, known=1)
    assert inbox.accept([arrival(1, b"something else")]) == Accepted(new=0, known=1)
    assert [delivery.payload for delivery in inbox.after(0, 10)] == [payload(1)]


def test_the_mark_stands_below_the_first_hole_and_jumps_when_it_is_filled(inbox: Inbox) -> None:
    inbox.accept([arrival(1), arrival(2), arrival(5), arrival(4)])
    assert mark(inbox) == 2
    inbox.accept([arrival(3)])
    assert mark(inbox) == 5
    assert names(inbox) == [1, 2, 5, 4, 3]


def test_a_first_batch_that_is_not_the_first_moves_no_mark(inbox: Inbox) -> None:
    inbox.accept([arrival(7)])
    assert mark(inbox) == 0


def test_a_declared_loss_is_passed_and_recorded_without_what_did_arrive(inbox: Inbox) -> None:
    inbox.accept([arrival(1), arrival(4)])
    inbox.accept([arrival(7, floor=7)])
    assert mark(inbox) == 7
    assert gaps(inbox) == [(2, 3), (5, 6)]
    [first, _] = inbox.gaps()
    assert (first.edge, first.epoch, first.stream, first.declared_at) == (EDGE, EPOCH, Stream.LIVE, 1_007.0)


def test_a_floor_that_the_mark_has_passed_says_nothing_new(inbox: Inbox) -> None:
    inbox.accept([arrival(seq) for seq in (1, 2, 3)])
    inbox.accept([arrival(4, floor=3)])
    assert (mark(inbox), gaps(inbox)) == (4, [])


def test_a_batch_that_was_given_up_for_lost_is_taken_when_it_comes_after_all(inbox: Inbox) -> None:
    inbox.accept([arrival(5, floor=5)])
    assert gaps(inbox) == [(1, 4)]
    assert inbox.accept([arrival(3)]) == Accepted(new=1, known=0)
    assert gaps(inbox) == [(1, 2), (4, 4)]
    assert inbox.accept([arrival(3)]) == Accepted(new=0, known=1)
    assert mark(inbox) == 5


def test_streams_epochs_and_edges_do_not_mix(inbox: Inbox) -> None:
    inbox.accept([arrival(1), arrival(1, stream=Stream.EVENT), arrival(1, edge="HL-E02"), arrival(1, epoch="b" * 16)])
    assert len(names(inbox)) == 4
    assert inbox.edges() == [EDGE, "HL-E02"]
    assert {(m.epoch, m.stream, m.seq) for m in inbox.marks(EDGE)} == {
        (EPOCH, Stream.LIVE, 1),
        (EPOCH, Stream.EVENT, 1),
        ("b" * 16, Stream.LIVE, 1),
    }


def test_marks_are_told_for_the_two_epochs_that_spoke_last(inbox: Inbox) -> None:
    for epoch in ("first", "second", "third"):
        inbox.accept([arrival(1, epoch=epoch)])
    inbox.accept([arrival(1, epoch="first")])  # known, but the edge is using it again
    assert {m.epoch for m in inbox.marks(EDGE)} == {"third", "first"}


def test_an_unknown_edge_has_no_marks(inbox: Inbox) -> None:
    assert inbox.marks("HL-E99") == ()


def test_trimmed_batches_stay_known(inbox: Inbox) -> None:
    inbox.accept([arrival(1), arrival(2)])
    assert inbox.trim(inbox.last_position()) == 2
    assert names(inbox) == []
    assert inbox.accept([arrival(1), arrival(2)]) == Accepted(new=0, known=2)


def test_a_trim_keeps_what_lies_behind_it_however_much_lies_before(inbox: Inbox) -> None:
    inbox.accept([arrival(seq) for seq in range(1, 1_202)])
    assert inbox.trim(1_200) == 1_200
    assert names(inbox) == [1_201]


def test_positions_are_never_used_again(tmp_path: Path) -> None:
    first = Inbox(tmp_path / "inbox.sqlite")
    first.accept([arrival(1), arrival(2)])
    first.trim(2)
    first.close()
    again = Inbox(tmp_path / "inbox.sqlite")
    again.accept([arrival(3)])
    assert [delivery.position for delivery in again.after(0, 10)] == [3]
    assert again.uuid == first.uuid
    again.close()


def test_another_inbox_has_another_name(tmp_path: Path, inbox: Inbox) -> None:
    other = Inbox(tmp_path / "other.sqlite")
    assert other.uuid != inbox.uuid
    other.close()


def test_a_group_is_taken_whole_or_not_at_all(inbox: Inbox) -> None:
    inbox.accept([arrival(1)])
    unusable = arrival(3)
    object.__setattr__(unusable, "payload", None)
    with pytest.raises(sqlite3.IntegrityError):
        inbox.accept([arrival(2), unusable])
    assert (names(inbox), mark(inbox)) == ([1], 1)
    assert inbox.accept([arrival(2)]) == Accepted(new=1, known=0)


def test_reading_waits_for_no_writer(inbox: Inbox, tmp_path: Path) -> None:
    inbox.accept([arrival(1)])
    writer = sqlite3.connect(tmp_path / "inbox.sqlite", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    assert names(inbox) == [1]
    writer.execute("ROLLBACK")
    writer.close()


def test_a_full_disk_is_said_and_when_there_is_room_again_nothing_is_missing(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox.sqlite")
    taken = 0
    with largest_file(300_000), contextlib.suppress(sqlite3.OperationalError):
        while True:
            inbox.accept([arrival(taken + 1, b"x" * 10_000)])
            taken += 1
    assert (len(names(inbox)), mark(inbox)) == (taken, taken)
    assert taken
    assert inbox.accept([arrival(taken + 1)]) == Accepted(new=1, known=0)
    assert mark(inbox) == taken + 1
    inbox.close()


def test_mentions_are_found_in_the_order_of_acceptance(inbox: Inbox) -> None:
    inbox.accept([arrival(1), arrival(2, b'... "HL-000002" ...'), arrival(3, b'"HL-000002"')])
    found = inbox.mentioning(b'"HL-000002"', 0, 10)
    assert [delivery.seq for delivery in found] == [2, 3]
    assert inbox.mentioning(b'"HL-000002"', found[0].position, 10) == found[1:]


def test_dead_letters_are_counted_for_ever_and_kept_for_a_while(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inboxes, "MOST_DEAD", 2)
    inbox.accept([], [dead_letter("a/topic", "no JSON", b"\xff", 1.0)])
    inbox.bury([dead_letter("HL-E01", "no table", b"{}", 2.0), dead_letter("HL-E02", "no table", b"{}", 3.0)])
    assert [letter.where for letter in inbox.dead()] == ["HL-E01", "HL-E02"]
    assert inbox.dead_count() == 3


def test_a_dead_letter_is_cut_to_a_size_that_a_disk_can_bear() -> None:
    letter = dead_letter("t" * 70_000, "w" * 70_000, b"p" * 100_000, 0.0)
    assert (len(letter.where), len(letter.why), len(letter.payload)) == (200, 200, 64_000)
