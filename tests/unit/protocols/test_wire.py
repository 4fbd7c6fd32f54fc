"""The bytes between edge and cloud: what goes in comes out, and bad bytes are named, never a surprise."""

import string
import tracemalloc
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import wire
from protocols.commands import (
    ENDS_BADLY,
    LONGEST_OVERRIDE,
    MOST_LAMPS,
    Answer,
    Command,
    Group,
    Override,
    Refusal,
    Resume,
    Step,
    member_id,
)
from protocols.quantities import QUANTITIES
from protocols.readings import Quality, Table
from protocols.topics import Stream
from protocols.wire import (
    BadShape,
    Birth,
    EdgeState,
    Header,
    Mark,
    NotJson,
    TooLarge,
    Watermark,
    WireError,
    WrongVersion,
)

MOMENT = datetime(2026, 3, 20, 11, 2, 3, tzinfo=UTC)
TABLE = Table(
    "meter", ("frequency", "voltage"), ["M1", "M2"], [100, 101], [[50.0, None], [230.1, 229.9]], [[1, 9], [1, 1]]
)
HEADER = Header("abcdefgh01234567", 17, 3)

ids = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=64)
letters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
values = st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53)
flags = st.sampled_from([int(q) for q in Quality])
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


some_quantities = st.lists(st.sampled_from(sorted(QUANTITIES)), unique=True, max_size=4).map(tuple)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    rows = draw(st.integers(0, 4))
    quantities = draw(some_quantities)
    columns = st.lists(
        st.lists(values, min_size=rows, max_size=rows), min_size=len(quantities), max_size=len(quantities)
    )
    marks = st.lists(st.lists(flags, min_size=rows, max_size=rows), min_size=len(quantities), max_size=len(quantities))
    devices = draw(st.lists(ids, min_size=rows, max_size=rows))
    at = draw(st.lists(st.integers(0, 4_102_444_800), min_size=rows, max_size=rows))
    return Table(draw(ids), quantities, devices, at, draw(columns), draw(marks))


@st.composite
def headers(draw: st.DrawFn) -> Header:
    seq = draw(st.integers(1, 2**53))
    return Header(draw(ids), seq, draw(st.integers(1, seq)))


@st.composite
def commands(draw: st.DrawFn) -> Command:
    issued, lasts = draw(moments), draw(st.timedeltas(timedelta(0), LONGEST_OVERRIDE))
    return Command(
        id=draw(ids),
        target=draw(ids),
        action=draw(st.builds(Override, level=st.floats(0, 100), until=st.just(issued + lasts)) | st.just(Resume())),
        issued_at=issued,
        expires_at=draw(moments),
        who=draw(st.text(min_size=1, max_size=20)),
    )


good_answers = st.builds(
    Answer,
    id=ids,
    step=st.sampled_from([Step.ACCEPTED, Step.READ_BACK]),
    at=moments,
    actual_level=st.none() | st.floats(0, 100),
    active_power=st.none() | st.floats(0, 1000),
)
bad_answers = st.builds(
    Answer,
    id=ids,
    step=st.sampled_from(sorted(ENDS_BADLY)),
    at=moments,
    refusal=st.sampled_from(Refusal),
    wanted_level=st.none() | st.floats(0, 100),
    waited_s=st.none() | st.floats(0, 100),
    detail=st.none() | st.text(letters, max_size=50),
)
answers = good_answers | bad_answers


def sealed(table: Table, header: Header = HEADER) -> bytes:
    [body] = wire.encode_tables([table])
    return wire.seal(header, body)


def raw(**changes: object) -> bytes:
    """A good batch as JSON with some keys of its first table changed."""
    batch = orjson.loads(sealed(TABLE))
    batch["tables"][0].update(changes)
    return orjson.dumps(batch)


@given(headers(), st.lists(tables(), max_size=3))
def test_a_batch_of_readings_comes_back(header: Header, sent: list[Table]) -> None:
    received = [wire.decode_batch(wire.seal(header, body)) for body in wire.encode_tables(sent)]
    assert [table for batch in received for table in batch.tables] == sent
    assert {batch.header for batch in received} <= {header}


@given(headers(), st.lists(answers, max_size=5))
def test_a_batch_of_events_comes_back(header: Header, sent: list[Answer]) -> None:
    payload = wire.seal(header, wire.encode_events(sent))
    assert wire.decode_batch(payload) == wire.Batch(header, [], sent)
    assert wire.decode_header(payload) == header


@given(
    st.builds(
        Birth, epoch=ids, software=st.text(letters, max_size=64), at=moments, inventory=st.none() | st.text(max_size=64)
    )
    | st.builds(EdgeState, state=st.sampled_from(["online", "offline"]))
    | st.builds(
        Watermark,
        boot=ids,
        marks=st.lists(st.builds(Mark, epoch=ids, stream=st.sampled_from(Stream), seq=st.integers(0, 2**53))).map(
            tuple
        ),
    )
    | commands()
)
def test_every_other_message_comes_back(message: Birth | EdgeState | Watermark | Command) -> None:
    assert wire.decode_message(type(message), wire.encode_message(message)) == message


def test_a_column_whose_flags_agree_travels_as_one_number() -> None:
    assert orjson.loads(sealed(TABLE))["tables"][0]["flags"] == [[1, 9], 1]


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 3000), st.integers(1, 8))
def test_tables_cut_at_64_kb_lose_no_row_and_keep_their_order(rows: int, columns: int) -> None:
    quantities = tuple(sorted(QUANTITIES)[:columns])
    data = [[n + c / 10 for n in range(rows)] for c in range(columns)]
    marks = [[(1, 2, 3)[n % 3] for n in range(rows)] for _ in range(columns)]
    table = Table("meter", quantities, [f"M{n}" for n in range(rows)], list(range(rows)), data, marks)
    payloads = [wire.seal(Header("e" * 64, 2**53, 2**53), body) for body in wire.encode_tables([table])]
    assert all(len(payload) <= wire.MAX_BYTES for payload in payloads)
    received = [t for payload in payloads for t in wire.decode_batch(payload).tables]
    assert [r for t in received for r in t.readings()] == list(table.readings())


@pytest.mark.parametrize("more", range(0, 800, 40))
def test_there_is_always_room_for_the_longest_header(more: int) -> None:
    names = ["D" * (40 + (n < more)) for n in range(1_130)]
    table = Table("meter", ("voltage",), names, [1_700_000_000] * 1_130, [[0] * 1_130], [[1] * 1_130])
    longest = Header("e" * 64, 2**53, 2**53)
    bodies = wire.encode_tables([table])
    assert all(len(wire.seal(longest, body)) <= wire.MAX_BYTES for body in bodies)


def test_readings_that_fit_stay_in_one_piece() -> None:
    assert len(wire.encode_tables([TABLE])) == 1


def test_events_that_do_not_fit_are_refused() -> None:
    answer = Answer(id="c", step=Step.REFUSED, at=MOMENT, refusal=Refusal.GARBLED, detail="x" * 100)
    with pytest.raises(TooLarge):
        wire.encode_events([answer] * 400)


def test_a_payload_beyond_64_kb_is_not_even_looked_at() -> None:
    with pytest.raises(TooLarge, match="64001 bytes; at most 64000"):
        wire.decode_batch(b"[" * 64_001)


def test_a_batch_cut_anywhere_is_named_as_not_json() -> None:
    payload = sealed(TABLE)
    for length in range(len(payload)):
        with pytest.raises(NotJson):
            wire.decode_batch(payload[:length])
        with pytest.raises(NotJson):
            wire.decode_header(payload[:length])


@pytest.mark.parametrize("version", [b"2", b"0", b'"1"', b"null", b"true", b"1.0", b"[1]"])
def test_another_version_is_named_before_anything_else(version: bytes) -> None:
    payload = sealed(TABLE).replace(b'"v":1', b'"v":' + version)
    for decode in (wire.decode_batch, wire.decode_header, lambda p: wire.decode_message(EdgeState, p)):
        with pytest.raises(WrongVersion, match="this software speaks 1"):
            decode(payload)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": 5}, r"tables\[0\].kind: 5 is not an id"),
        ({"kind": "a/b"}, r"tables\[0\].kind: 'a/b' is not an id"),
        ({"quantities": "voltage"}, r"tables\[0\].quantities: not a list of str"),
        ({"quantities": ["voltage", "voltage"]}, r"tables\[0\].quantities: unknown or named twice"),
        ({"quantities": ["voltage", "gravity"]}, r"tables\[0\].quantities: unknown or named twice: \['gravity'\]"),
        ({"devices": ["M1", 5]}, r"tables\[0\].devices: not a list of str"),
        ({"devices": ["M1", "#"]}, r"tables\[0\].devices: not all of them are ids"),
        ({"devices": ["M1"]}, r"tables\[0\].at: 2 entries for 1 rows"),
        ({"at": [100, 101.5]}, r"tables\[0\].at: not a list of int"),
        ({"at": [100, True]}, r"tables\[0\].at: not a list of int"),
        ({"at": [100, -1]}, r"tables\[0\].at: not all of them are seconds since 1970"),
        ({"at": [100, 10**12]}, r"tables\[0\].at: not all of them are seconds since 1970"),
        ({"values": [[1, 2]]}, r"tables\[0\].values: not 2 columns"),
        ({"values": [[1, 2], [1, "2"]]}, r"tables\[0\].values\[1\]: not a list of NoneType/float/int"),
        ({"values": [[1, 2], [True, 2]]}, r"tables\[0\].values\[1\]: not a list of NoneType/float/int"),
        ({"values": [[1, 2], [1]]}, r"tables\[0\].values\[1\]: 1 entries for 2 rows"),
        ({"flags": 1}, r"tables\[0\].flags: not 2 columns"),
        ({"flags": [1]}, r"tables\[0\].flags: not 2 columns"),
        ({"flags": [1, True]}, r"tables\[0\].flags\[1\]: not a list of int"),
        ({"flags": [1, 7]}, r"tables\[0\].flags\[1\]: not all of them are quality flags"),
        ({"flags": [[1, 1], [1, 0]]}, r"tables\[0\].flags\[1\]: not all of them are quality flags"),
        ({"extra": 1}, r"tables\[0\]: not a table"),
    ],
)
def test_a_table_that_does_not_fit_together_is_named_with_its_place(changes: Mapping[str, object], said: str) -> None:
    with pytest.raises(BadShape, match=f"^{said}"):
        wire.decode_batch(raw(**changes))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("epoch", None, "epoch: None is not an id"),
        ("epoch", "a b", "epoch: 'a b' is not an id"),
        ("seq", 0, "seq: 0 is not a whole number from 1"),
        ("seq", 1.0, "seq: 1.0 is not a whole number from 1"),
        ("seq", True, "seq: True is not a whole number from 1"),
        ("seq", 2**53 + 1, "seq: 9007199254740993 is not"),
        ("floor", 18, "floor: 18 is not a whole number from 1 to seq"),
        ("floor", 0, "floor: 0 is not a whole number from 1 to seq"),
        ("tables", {}, "tables: not a list"),
        ("events", [5], r"events\[0\]"),
        (
            "events",
            [{"type": "command", "id": "c", "step": "published", "at": "2026-01-01T00:00:00Z"}],
            r"events\[0\].step",
        ),
        ("surprise", 1, r"unknown keys \['surprise'\]"),
    ],
)
def test_a_bad_header_is_named_with_its_key(key: str, value: object, said: str) -> None:
    with pytest.raises(BadShape, match=f"^{said}"):
        wire.decode_batch(orjson.dumps({**orjson.loads(sealed(TABLE)), key: value}))


def test_a_few_bytes_cannot_be_blown_up_to_a_gigabyte() -> None:
    empty = {"kind": "meter", "quantities": [], "values": []}
    table = {**empty, "devices": ["M"] * 5_000, "at": [1] * 5_000, "flags": [1] * 12_000}
    payload = orjson.dumps({**orjson.loads(sealed(TABLE)), "tables": [table]})
    tracemalloc.start()
    with pytest.raises(BadShape, match="flags: not 0 columns"):
        wire.decode_batch(payload)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


def test_deep_nesting_is_a_bad_shape() -> None:
    deep = b"[" * 300 + b"]" * 300
    with pytest.raises(WireError):
        wire.decode_message(Watermark, b'{"v":1,"boot":"b","marks":' + deep + b"}")
    with pytest.raises(WireError):
        wire.decode_batch(b'{"v":1,"epoch":"a","seq":1,"floor":1,"events":[' + deep + b"]}")


@pytest.mark.parametrize("at", ["9999-12-31T23:59:58Z", "0001-01-01T00:00:00+14:00", "1970-01-01T00:16:40Z"])
def test_a_time_that_no_night_can_be_counted_from_is_none_and_the_marks_count(at: str) -> None:
    mark = '{"epoch":"e","stream":"live","seq":7}'
    found = wire.decode_message(Watermark, f'{{"v":1,"boot":"b","marks":[{mark}],"at":"{at}"}}'.encode())
    assert (found.at, found.marks[0].seq) == (None, 7)


@pytest.mark.parametrize("number", ['"inf"', '"nan"', "NaN", "1e999"])
def test_an_answer_cannot_carry_what_is_not_a_number(number: str) -> None:
    event = f'{{"type":"command","id":"c","step":"read_back","at":"2026-01-01T00:00:00Z","active_power":{number}}}'
    with pytest.raises(WireError):
        wire.decode_batch(f'{{"v":1,"epoch":"a","seq":1,"floor":1,"events":[{event}]}}'.encode())


json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70).map(float)
    | st.floats(allow_nan=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)
hostile_table = st.fixed_dictionaries(
    {},
    optional={
        "kind": json | st.just("meter"),
        "quantities": json | st.just(["voltage"]),
        "devices": json | st.just(["M1"]),
        "at": json | st.just([1]),
        "values": json | st.just([[1.5]]),
        "flags": json | st.just([1]),
    },
)
hostile_batch = st.fixed_dictionaries(
    {"v": st.just(1)},
    optional={
        "epoch": json | st.just("e"),
        "seq": json | st.just(2),
        "floor": json | st.just(1),
        "tables": json | st.lists(hostile_table | json, max_size=2),
        "events": json,
    },
)


def outcome(decode: Any, payload: bytes) -> str:
    try:
        decode(payload)
    except WireError as error:
        return type(error).__name__
    return "decoded"


NAMED = {"decoded", "TooLarge", "NotJson", "WrongVersion", "BadShape"}


@settings(max_examples=300)
@given(hostile_batch.map(orjson.dumps) | json.map(orjson.dumps) | st.binary(max_size=80))
def test_hostile_bytes_end_in_a_named_error(payload: bytes) -> None:
    assert outcome(wire.decode_batch, payload) in NAMED
    assert outcome(wire.decode_header, payload) in NAMED
    for model in (Birth, EdgeState, Watermark, Command):
        assert outcome(lambda p, m=model: wire.decode_message(m, p), payload) in NAMED


@settings(max_examples=200)
@given(st.integers(0, 10**6), st.integers(0, 255))
def test_one_changed_byte_ends_in_a_named_error_or_in_a_sound_batch(place: int, byte: int) -> None:
    payload = bytearray(sealed(TABLE))
    payload[place % len(payload)] = byte
    if outcome(wire.decode_batch, bytes(payload)) == "decoded":
        for table in wire.decode_batch(bytes(payload)).tables:
            assert len(list(table.readings())) == 2


@pytest.mark.parametrize("software", ["\0", "haidang\0 0.1"])
def test_words_that_not_every_database_keeps_are_refused(software: str) -> None:
    payload = orjson.dumps({"v": 1, "epoch": "e", "software": software, "at": "2026-11-21T12:00:00Z"})
    with pytest.raises(BadShape, match=r"software: .* has a NUL in it"):
        wire.decode_message(Birth, payload)


some_answers = st.lists(answers, max_size=6)
names = st.one_of(ids, st.builds(member_id, st.sampled_from(["g", "h-1"]), st.integers(0, MOST_LAMPS - 1)))
milliseconds = st.integers(0, 4_102_444_800_000)


@st.composite
def group_answers(draw: st.DrawFn) -> list[Answer]:
    """Of several groups and of single commands, as an edge tells them: to the millisecond."""
    return [
        answer.model_copy(update={"id": draw(names), "at": datetime.fromtimestamp(draw(milliseconds) / 1000, UTC)})
        for answer in draw(some_answers)
    ]


def by_id(told: list[Answer]) -> list[tuple[str, list[Answer]]]:
    return [(name, [answer for answer in told if answer.id == name]) for name in sorted({a.id for a in told})]


@given(group_answers())
def test_answers_come_back_one_by_one_however_they_travelled(sent: list[Answer]) -> None:
    bodies = wire.encode_answers(sent)
    received = [event for body in bodies for event in wire.decode_batch(wire.seal(HEADER, body)).events]
    assert by_id(received) == by_id(sent)


def test_answers_of_a_group_travel_in_columns() -> None:
    said = [Answer(id=f"g-{n}", step=Step.READ_BACK, at=MOMENT, actual_level=40.0) for n in range(3)]
    [body] = wire.encode_answers(said)
    at = round(MOMENT.timestamp() * 1000)
    columns = {"type": "group", "id": "g", "places": [0, 1, 2], "at": [at] * 3, "step": ["read_back"] * 3}
    assert orjson.loads(body) == {"events": [{**columns, "actual_level": [40.0] * 3}]}


def test_answers_that_do_not_fit_into_one_message_go_in_several() -> None:
    why = {"step": Step.REFUSED, "at": MOMENT, "refusal": Refusal.DEVICE_REFUSED, "detail": "x" * 100}
    said = [Answer.model_validate({"id": f"g-{n}", **why}) for n in range(MOST_LAMPS)]
    payloads = [wire.seal(Header("e" * 64, 2**53, 2**53), body) for body in wire.encode_answers(said)]
    assert all(len(payload) <= wire.MAX_BYTES for payload in payloads)
    assert [event for payload in payloads for event in wire.decode_batch(payload).events] == said


@pytest.mark.parametrize("count", [1, MOST_LAMPS])
def test_a_group_of_the_longest_ids_fits_into_one_message_and_comes_back(count: int) -> None:
    lamps = tuple(f"{n:064d}" for n in range(count))
    group = Group(id="g" * 60, lamps=lamps, action=Resume(), issued_at=MOMENT, expires_at=MOMENT, who="\x01" * 200)
    assert wire.decode_command(wire.encode_message(group)) == group


@given(commands())
def test_a_single_command_is_still_told_as_before(command: Command) -> None:
    assert wire.decode_command(wire.encode_message(command)) == command
    assert wire.decode_message(Command, wire.encode_message(command)) == command


def test_an_edge_that_knows_no_groups_names_the_version() -> None:
    group = Group(id="g", lamps=("L1",), action=Resume(), issued_at=MOMENT, expires_at=MOMENT, who="lan")
    with pytest.raises(WrongVersion, match="version 2; this software speaks 1"):
        wire.decode_message(Command, wire.encode_message(group))
    with pytest.raises(WrongVersion, match="version 3; this software speaks 1 and 2"):
        wire.decode_command(wire.encode_message(group).replace(b'"v":2', b'"v":3'))


GOOD_GROUP = {
    "v": 2,
    "id": "g",
    "lamps": ["L1", "L2"],
    "action": {"type": "resume"},
    "issued_at": "2026-03-20T11:02:03Z",
    "expires_at": "2026-03-20T11:03:03Z",
    "who": "lan",
}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"lamps": []}, "^lamps: "),
        ({"lamps": ["L1", "L1"]}, "a luminaire stands twice"),
        ({"lamps": ["L1", "#"]}, r"^lamps\.1: "),
        ({"lamps": [f"L{n}" for n in range(MOST_LAMPS + 1)]}, "^lamps: "),
        ({"id": "g" * 61}, "^id: "),
        ({"action": {"type": "blink"}}, "^action: "),
        ({"action": {"type": "override", "level": 1, "until": "2026-03-22T11:02:03Z"}}, "24 h at most"),
        ({"target": "L1"}, "^target: "),
        ({"v": 1}, "^target: "),
    ],
)
def test_a_group_that_makes_no_sense_is_named_with_its_place(changes: Mapping[str, object], said: str) -> None:
    with pytest.raises(BadShape, match=said):
        wire.decode_command(orjson.dumps({**GOOD_GROUP, **changes}))


GOOD_COLUMNS = {"type": "group", "id": "g", "places": [0, 1], "at": [1, 2], "step": ["accepted", "read_back"]}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"places": []}, r"^events\[0\]\.places: "),
        ({"places": [0, MOST_LAMPS]}, r"^events\[0\]\.places\.1: "),
        ({"places": [0, -1]}, r"^events\[0\]\.places\.1: "),
        ({"at": [1]}, "at has 1 entries for 2 luminaires"),
        ({"at": [1, 10**18]}, r"^events\[0\]\.at\.1: "),
        ({"step": ["accepted"]}, "step has 1 entries for 2 luminaires"),
        ({"step": ["accepted", "published"]}, r"^events\[0\]\.step\.1: "),
        ({"step": ["accepted", "refused"]}, "a bad end has a refusal"),
        ({"refusal": ["no_answer", None]}, "a bad end has a refusal"),
        ({"actual_level": [1]}, "actual_level has 1 entries for 2 luminaires"),
        ({"actual_level": [1, "x"]}, r"^events\[0\]\.actual_level\.1: "),
        ({"waited_s": [-1, None]}, r"^events\[0\]\.waited_s\.0: "),
        ({"detail": ["x" * 101, None]}, r"^events\[0\]\.detail\.0: "),
        ({"id": "g" * 61}, r"^events\[0\]\.id: "),
        ({"surprise": 1}, r"^events\[0\]\.surprise: "),
    ],
)
def test_columns_of_answers_that_do_not_fit_together_are_named(changes: Mapping[str, object], said: str) -> None:
    body = orjson.dumps({"events": [{**GOOD_COLUMNS, **changes}]})
    with pytest.raises(BadShape, match=said):
        wire.decode_batch(wire.seal(HEADER, body))
