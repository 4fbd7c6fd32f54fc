"""Every cursor sees every batch once and in order, whoever else reads; what is shared is decoded once and bounded."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from cloud.ingest.inbox import Delivery, Inbox
from cloud.ingest.window import Window
from tests.cloud.ingest.batches import arrival

_READS = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4)), max_size=40)


class CountingInbox(Inbox):
    """Counts what is read of it."""

    reads = 0

    def after(self, position: int, limit: int) -> list[Delivery]:
        found = super().after(position, limit)
        self.reads += len(found)
        return found


def seqs(window: Window, position: int, limit: int) -> Sequence[int]:
    return [item.delivery.seq for item in window.after(position, limit)]


@given(st.lists(st.integers(0, 12), min_size=3, max_size=3), _READS, st.sampled_from([1, 300, 1_000_000]))
def test_each_reader_gets_each_batch_once_and_in_order(
    starts: list[int], reads: list[tuple[int, int]], most_bytes: int
) -> None:
    with TemporaryDirectory() as folder:
        inbox = Inbox(Path(folder) / "inbox.sqlite")
        inbox.accept([arrival(seq) for seq in range(1, 13)])
        window, places = Window(inbox, most_bytes=most_bytes), list(starts)
        got: list[list[int]] = [[], [], []]
        for reader, limit in reads:
            items = window.after(places[reader], limit)
            assert len(items) <= limit
            got[reader] += [item.delivery.position for item in items]
            places[reader] = items[-1].delivery.position if items else places[reader]
            assert items or places[reader] == 12
        inbox.close()
    for start, positions in zip(starts, got, strict=True):
        assert positions == [*range(start + 1, start + 1 + len(positions))]


def test_what_two_cursors_read_is_read_from_the_disk_once(tmp_path: Path) -> None:
    inbox = CountingInbox(tmp_path / "inbox.sqlite")
    inbox.accept([arrival(seq) for seq in (1, 2, 3)])
    window = Window(inbox)
    assert seqs(window, 0, 10) == [1, 2, 3]
    assert seqs(window, 0, 2) == [1, 2]
    assert seqs(window, 2, 2) == [3]
    assert inbox.reads == 3
    inbox.accept([arrival(4)])
    assert seqs(window, 3, 10) == [4]
    assert inbox.reads == 4
    inbox.close()


def test_who_has_fallen_behind_does_not_push_out_what_the_others_share(tmp_path: Path) -> None:
    inbox = CountingInbox(tmp_path / "inbox.sqlite")
    inbox.accept([arrival(seq) for seq in range(1, 7)])
    window = Window(inbox, most_bytes=1)
    assert seqs(window, 4, 2) == [5, 6]
    assert seqs(window, 0, 2) == [1, 2]
    assert seqs(window, 2, 2) == [3, 4]
    before = inbox.reads
    assert seqs(window, 4, 2) == [5, 6]
    assert inbox.reads == before
    inbox.close()
