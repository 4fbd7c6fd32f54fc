"""The inbox against a model that keeps whole sets: duplicates, disorder, floors, new epochs, trims and restarts."""

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from cloud.ingest.arrivals import Arrival
from cloud.ingest.inbox import Inbox
from protocols.topics import Stream
from tests.cloud.ingest.batches import arrival

EDGES = ("HL-E01", "HL-E02")
Name = tuple[str, str, Stream]  # edge, epoch, stream
NAMES = st.tuples(
    st.sampled_from(EDGES), st.sampled_from(("old", "new")), st.sampled_from((Stream.LIVE, Stream.BACKLOG))
)


@st.composite
def arrivals(draw: st.DrawFn) -> Arrival:
    seq, (edge, epoch, stream) = draw(st.integers(1, 14)), draw(NAMES)
    floor = draw(st.integers(1, seq)) if draw(st.booleans()) else 1
    return arrival(seq, b"{}", floor=floor, edge=edge, epoch=epoch, stream=stream)


class InboxAgainstSets(RuleBasedStateMachine):
    """`taken` and `floors` are all there is to know; the mark, the gaps and the deliveries follow from them."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.inbox = Inbox(Path(self.folder.name) / "inbox.sqlite")
        self.taken: dict[Name, set[int]] = {}
        self.floors: dict[Name, int] = {}
        self.order: list[tuple[Name, int]] = []
        self.delivered: list[tuple[Name, int]] = []
        self.position = 0

    def teardown(self) -> None:
        self.inbox.close()
        self.folder.cleanup()

    @rule(group=st.lists(arrivals(), min_size=1, max_size=8))
    def accept(self, group: list[Arrival]) -> None:
        new = sum(self.expect(one) for one in group)
        accepted = self.inbox.accept(group)
        assert (accepted.new, accepted.known) == (new, len(group) - new)

    def expect(self, one: Arrival) -> bool:
        name, seq = (one.edge, one.header.epoch, one.stream), one.header.seq
        self.floors[name] = max(self.floors.get(name, 1), one.header.floor)
        new = seq not in self.taken.setdefault(name, set())
        if new:
            self.taken[name].add(seq)
            self.order.append((name, seq))
        return new

    @rule(limit=st.integers(1, 5))
    def deliver(self, limit: int) -> None:
        for delivery in self.inbox.after(self.position, limit):
            self.delivered.append(((delivery.edge, delivery.epoch, delivery.stream), delivery.seq))
            self.position = delivery.position

    @rule()
    def trim(self) -> None:
        self.inbox.trim(self.position)

    @rule()
    def restart(self) -> None:
        self.inbox.close()
        self.inbox = Inbox(Path(self.folder.name) / "inbox.sqlite")

    @invariant()
    def the_mark_is_the_highest_seq_without_a_hole(self) -> None:
        marks = {(edge, m.epoch, m.stream): m.seq for edge in EDGES for m in self.inbox.marks(edge)}
        assert marks == {name: self.highest(name) for name in self.taken}

    def highest(self, name: Name) -> int:
        seq = self.floors[name] - 1
        while seq + 1 in self.taken[name]:
            seq += 1
        return seq

    @invariant()
    def what_was_declared_lost_and_never_came_is_on_record(self) -> None:
        lost = [((g.edge, g.epoch, g.stream), seq) for g in self.inbox.gaps() for seq in range(g.first, g.last + 1)]
        missing = {
            (name, seq) for name, floor in self.floors.items() for seq in range(1, floor) if seq not in self.taken[name]
        }
        assert len(lost) == len(missing)
        assert set(lost) == missing

    @invariant()
    def every_name_is_delivered_once_in_the_order_of_acceptance(self) -> None:
        assert self.delivered == self.order[: len(self.delivered)]
        ahead = self.inbox.after(self.position, 10_000)
        assert len(self.delivered) + len(ahead) == len(self.order)


TestInboxAgainstSets = InboxAgainstSets.TestCase
TestInboxAgainstSets.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
