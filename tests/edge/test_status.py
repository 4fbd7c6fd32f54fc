"""How an edge is: before it, in the cloud, and for whoever starts it again when it is stuck."""

import asyncio
import socket
import stat
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest

from edge_agent import main
from edge_agent.links import LineCounts
from edge_agent.machine import Machine, MachineWatch
from edge_agent.outbox import Shelf
from edge_agent.status import Clock, Light, Status, readings
from edge_agent.status_door import answering, ask, door
from edge_agent.supervision import Supervision
from edge_agent.taking import Counts
from edge_agent.telling import told
from protocols import wire
from protocols.quantities import QUANTITIES
from protocols.readings import tables
from protocols.topics import Stream
from rules.clock_trust import Trust
from rules.programme import Reason
from tests.edge.clocks import running_clock
from tests.edge.clouds import EDGE, Broker, Cloud
from tests.edge.jobs import at_work
from tests.edge.streets import street
from tests.edge.test_agent import configured
from tests.waiting import until

SHELVES = {Stream.EVENT: Shelf(), Stream.LIVE: Shelf(5, 8, 1200), Stream.BACKLOG: Shelf(4, 10, 9_000_000, 3)}
STATUS = Status(
    edge=EDGE,
    software="haidang 0",
    connected=False,
    shelves=SHELVES,
    waits_s={Stream.EVENT: None, Stream.LIVE: 12.34, Stream.BACKLOG: 7200.0},
    buses={
        "B": Counts(
            rounds=9, late=2, silent=4, overtaken=1, strange=LineCounts(3, 0, 12), failures=Counter({17: 4, 3: 1})
        )
    },
    lines={},
    silent_units={"B": 1},
    corrected=6,
    repeated=0,
    lost=11,
    clock=Clock(Trust.CARRIED, -3.04),
    machine=Machine(1.5, 40.0, None),
    documents={"settings": "ab" * 32},
    refused={"recipe": "this software knows no such document"},
    light=Light("7", date(2027, 12, 1), {Reason.WEEKLY: 58, Reason.OVERRIDE: 2}),
)


def test_the_figures_are_quantities_of_the_dictionary_and_travel() -> None:
    found, *units = readings(STATUS, 1_800_000_000)
    assert found.kind == "edge"
    assert found.values.keys() <= QUANTITIES.keys()
    batches = [
        wire.decode_batch(wire.seal(wire.Header("e", 1, 1), body))
        for body in wire.encode_tables(tables([found, *units]))
    ]
    assert [one for batch in batches for table in batch.tables for one in table.readings()] == [found, *units]
    assert [(unit.kind, unit.device, unit.values) for unit in units] == [
        ("unit", "B-3", {"polls_failed": 1}),
        ("unit", "B-17", {"polls_failed": 4}),
    ]
    expected: dict[str, float] = {
        "backlog_waiting": 6,
        "backlog_waiting_s": 7200,
        "batches_dropped": 3,
        "polls_failed": 5,
        "polls_late": 2,
    }
    expected |= {"readings_lost": 11, "units_silent": 1, "clock_offset": -3.0, "clock_trust": 1, "outbox_size": 9.001}
    assert {name: found.values[name] for name in expected} == expected
    assert found.values["disk_free"] is None


async def test_only_our_own_account_may_ask(tmp_path: Path) -> None:
    place = door(tmp_path / "edge.sqlite")
    place.touch()
    async with answering(place, lambda: STATUS):
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
        lines = list(told(await asyncio.to_thread(ask, place)))
    assert not place.exists()
    assert lines == [
        "HL-E01  haidang 0  ALONE: no connection",
        "clock carried, the machine's is -3.0 s beside the cloud's",
        "document settings abababab is in force",
        "document recipe IS REFUSED: this software knows no such document",
        "light: plan 7, until the night of 2027-12-01; 2 by manual_override, 58 by weekly_programme",
        "outbox event    0 batches wait, 0.0 MB",
        "outbox live     3 batches wait for 12 s, 0.0 MB",
        "outbox backlog  6 batches wait for 7200 s, 9.0 MB, 3 DROPPED",
        "outbox: 11 readings LOST, the disk did not take them",
        "bus B: 9 rounds, 2 late, 1 readings overtaken, 1 units silent",
        "    strange on the line: 3 answers to nothing asked, 0 spoilt, 12 bytes of noise",
        "    unit 17: 4 requests failed",
        "    unit 3: 1 requests failed",
        "1.5 % of a core, 40 MB of memory",
    ]


async def test_a_folder_may_stand_deep(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 90) / ("b" * 90)
    deep.mkdir(parents=True)
    async with answering(deep / "edge.sock", lambda: STATUS):
        assert (await asyncio.to_thread(ask, deep / "edge.sock"))["edge"] == EDGE
    with pytest.raises(OSError):
        ask(deep / "edge.sock")


def test_the_machine_says_what_it_gives(tmp_path: Path) -> None:
    seen = MachineWatch(tmp_path).look()
    assert seen.memory_used is None or 5 < seen.memory_used < 5000
    assert seen.disk_free is not None
    assert seen.disk_free > 0
    assert MachineWatch(tmp_path / "nowhere").look().disk_free is None


async def test_a_running_edge_is_asked_and_its_figures_reach_the_cloud(
    tmp_path: Path, broker: Broker, cloud: Cloud
) -> None:
    clock = running_clock()
    async with street(tmp_path, clock) as lit:
        config = configured(tmp_path, lit, broker)
        often = config.model_copy(update={"figures_every": config.modbus[0].poll_every})
        async with at_work(main.run(often, clock)):
            await until(lambda: cloud.readings(EDGE) and cloud.readings(f"{lit.config.id}-1"))
            found = await asyncio.to_thread(ask, door(config.data))
    assert found["edge"] == EDGE
    assert found["buses"][lit.config.id]["rounds"] > 0
    first = cloud.readings(EDGE)[0].values
    assert first["units_silent"] == 0
    assert first["clock_trust"] == Trust.UNCHECKED
    assert (first["memory_used"] or 1) > 0


@pytest.fixture
def told_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """What systemd would hear."""
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind("notify")
        heard.setblocking(False)
        yield heard


ENVIRON = {"NOTIFY_SOCKET": "notify", "WATCHDOG_USEC": "60000"}


def heard_on(told_to: socket.socket) -> list[bytes]:
    said = []
    while True:
        try:
            said.append(told_to.recv(100))
        except BlockingIOError:
            return said


def more(said: list[bytes], told_to: socket.socket) -> list[bytes]:
    """What was heard before, and what has come since."""
    said += heard_on(told_to)
    return said


class Working:
    """An edge with one bus, whose rounds and database a test stops."""

    def __init__(self, environ: Mapping[str, str] = ENVIRON) -> None:
        self.rounds = {"B": 0}
        self.database = asyncio.Event()
        self.database.set()
        self.supervision = Supervision(lambda: dict(self.rounds), lambda: {"B": 10.0}, self.database.wait, environ)


async def test_systemd_hears_that_we_are_ready_and_that_we_work(told_to: socket.socket) -> None:
    working, said = Working(), list[bytes]()
    async with at_work(working.supervision.run()):
        await until(lambda: more(said, told_to).count(b"WATCHDOG=1") >= 3)
    assert said[0] == b"READY=1"
    assert set(said[1:]) == {b"WATCHDOG=1"}


async def test_a_database_that_does_not_answer_is_no_sign_of_life(told_to: socket.socket) -> None:
    working, said = Working(), list[bytes]()
    working.database.clear()
    asked = 0

    async def answers() -> None:
        nonlocal asked
        asked += 1
        await working.database.wait()

    working.supervision._answers = answers
    async with at_work(working.supervision.run()):
        await until(lambda: asked >= 2)
        assert heard_on(told_to) == [b"READY=1"]
        working.database.set()
        await until(lambda: more(said, told_to))


def test_a_bus_without_rounds_is_no_sign_of_life_until_it_has_one(caplog: pytest.LogCaptureFixture) -> None:
    working = Working()
    assert [working.supervision.works(now) for now in (0, 9, 11, 12)] == [True, True, False, False]
    working.rounds["B"] = 1
    assert working.supervision.works(13)
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("B has had no round for too long")


async def test_where_nobody_asked_nothing_is_told() -> None:
    working = Working({})
    async with at_work(working.supervision.run()):
        await asyncio.sleep(0)
