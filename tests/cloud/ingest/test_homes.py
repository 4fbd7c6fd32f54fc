"""One name is one edge, whatever the site under which somebody uses it."""

from pathlib import Path

from cloud.ingest.arrivals import Arrival, DeadLetter, Status
from cloud.ingest.homes import Homes
from cloud.ingest.inbox import Inbox
from protocols.wire import EdgeState
from tests.cloud.ingest.batches import arrival

SITES = {"HL-E01": "halong", "MC-E01": "mongcai"}


def admitted(homes: Homes, part: Arrival | Status) -> bool:
    return homes.admit(part, b"", 0.0) is part


def test_an_edge_of_the_inventory_is_heard_under_its_own_site_alone() -> None:
    homes = Homes(SITES.get, {})
    assert admitted(homes, Status("mongcai", "MC-E01", EdgeState(state="online")))
    refused = homes.admit(Status("halong", "MC-E01", EdgeState(state="offline")), b"{}", 5.0)
    assert refused == DeadLetter("halong/MC-E01", "an edge of this name belongs to mongcai", b"{}", 5.0)


def test_an_edge_of_no_inventory_belongs_to_where_it_was_heard_first_also_after_a_restart(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox.sqlite")
    first = arrival(1, edge="X-E01")
    assert admitted(Homes(SITES.get, inbox.homes()), first)
    inbox.accept([first])
    homes = Homes(SITES.get, inbox.homes())
    inbox.close()
    assert homes.of("X-E01") == "halong"
    assert not admitted(homes, Status("mongcai", "X-E01", EdgeState(state="online")))


def test_the_inventory_has_the_last_word() -> None:
    homes = Homes(SITES.get, {"HL-E01": "mongcai"})
    assert homes.of("HL-E01") == "halong"
    assert admitted(homes, arrival(1))
