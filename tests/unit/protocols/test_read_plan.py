"""The read plan: few requests, within the limits of the devices, and every answer finds its point."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.inventory import Name
from protocols.modbus.plan import Answer, Block, Cut, Member, ReadPlan, plan, worthwhile_gap
from protocols.modbus.registers import Space
from protocols.profiles import Check, Evidence, Point, Profile, Span, library
from protocols.quantities import QUANTITIES

NAMES = sorted(QUANTITIES)
SEGMENT = library()["haidang-segment-controller"]
METER = library()["eastron-sdm630"]


def profile(
    *addresses: int,
    kind: str = "uint16",
    space: str = "input",
    forbidden: Sequence[tuple[int, int]] = (),
    most: int = 125,
    block: int | None = None,
) -> Profile:
    """A device with one point at each address."""
    points = [
        Point.model_validate({"quantity": NAMES[n], "register": f"{space}/{address}", "type": kind})
        for n, address in enumerate(addresses)
    ]
    spans = [Span.model_validate({"first": f"{space}/{a}", "last": f"{space}/{b}"}) for a, b in forbidden]
    return Profile(
        profile="made-up",
        kind="meter",
        title=Name(vi="thử", en="test"),
        maker="nobody",
        evidence=Evidence(grade="design", source="made up for a test"),
        block=block,
        most_registers=most,
        forbidden=tuple(spans),
        points=tuple(points),
        checked_with=(Check(quantity=NAMES[0], words=(0,) * points[0].width, value=0, origin="nothing is nothing"),),
    )


def asked(*members: Member, baud: int | None = None) -> list[str]:
    return [str(block) for block in plan(members, baud).blocks]


@pytest.mark.parametrize(("baud", "gap"), [(9_600, 12), (19_200, 14), (38_400, 21), (115_200, 51), (None, 125)])
def test_the_gap_worth_reading_grows_with_the_speed_of_the_line(baud: int | None, gap: int) -> None:
    assert worthwhile_gap(baud) == gap


def test_a_gap_of_12_registers_is_read_at_9600_baud_and_one_of_13_is_not() -> None:
    assert asked(Member("a", 1, profile(0, 13)), baud=9_600) == ["unit 1 input/0x0000+14"]
    assert asked(Member("a", 1, profile(0, 14)), baud=9_600) == ["unit 1 input/0x0000+1", "unit 1 input/0x000E+1"]


def test_units_and_tables_are_asked_apart() -> None:
    members = [Member("a", 1, profile(0)), Member("b", 2, profile(1)), Member("c", 1, profile(0, space="holding"))]
    assert asked(*members) == ["unit 1 holding/0x0000+1", "unit 1 input/0x0000+1", "unit 2 input/0x0001+1"]


def test_a_forbidden_range_is_never_read_as_a_gap() -> None:
    device = profile(0, 10, forbidden=[(4, 5)])
    assert asked(Member("a", 1, device)) == ["unit 1 input/0x0000+1", "unit 1 input/0x000A+1"]


def test_a_forbidden_range_moves_with_its_block() -> None:
    device = profile(0, 10, forbidden=[(4, 5)], block=32)
    assert asked(Member("a", 1, device, 1)) == ["unit 1 input/0x0020+1", "unit 1 input/0x002A+1"]


def test_what_one_unit_forbids_another_may_allow() -> None:
    near = Member("a", 1, profile(0, 10, forbidden=[(4, 5)]))
    assert asked(near, Member("b", 2, profile(0, 10)))[-1] == "unit 2 input/0x0000+11"


def test_no_request_asks_for_more_than_125_registers() -> None:
    assert asked(Member("a", 1, profile(0, 124))) == ["unit 1 input/0x0000+125"]
    assert asked(Member("a", 1, profile(0, 125))) == ["unit 1 input/0x0000+1", "unit 1 input/0x007D+1"]


def test_a_device_may_allow_less_than_the_protocol() -> None:
    assert asked(Member("a", 1, profile(0, 10, most=10))) == ["unit 1 input/0x0000+1", "unit 1 input/0x000A+1"]


def test_one_request_reads_four_luminaires_of_a_segment_controller() -> None:
    lamps = [Member(f"HL-{n}", 11, SEGMENT, n) for n in range(8)]
    assert asked(*lamps) == ["unit 11 input/0x0000+118", "unit 11 input/0x0080+118"]


def test_a_plan_for_certain_quantities_reads_nothing_else() -> None:
    lamps = [Member(f"HL-{n}", 11, SEGMENT, n) for n in range(8)]
    read = plan(lamps, quantities={"actual_level"})
    assert {place.point.quantity for found in read.places.values() for place in found} == {"actual_level"}
    readings = read.decode({block: Answer([100] * block.count, 100) for block in read.blocks})
    assert [(reading.device, list(reading.values)) for reading in readings] == [
        (lamp.device, ["actual_level"]) for lamp in lamps
    ]


def test_a_request_does_not_cross_a_cut() -> None:
    lamps = [Member(f"L{n}", 11, SEGMENT, n) for n in range(6)]
    read = plan(lamps, cuts={Cut(11, Space.INPUT, 64), Cut(11, Space.INPUT, 96)})
    assert [read.devices(block) for block in read.blocks] == [["L0", "L1"], ["L2"], ["L3", "L4", "L5"]]


def test_a_refused_request_is_cut_between_its_devices_first() -> None:
    lamps = [Member(f"L{n}", 11, SEGMENT, n) for n in range(4)]
    (first, *_) = whole = plan(lamps).blocks
    parted = plan(lamps, cuts=plan(lamps).cuts(first))
    assert len(parted.blocks) == len(whole) + len(plan(lamps).cuts(first))
    assert {len(parted.devices(block)) for block in parted.blocks} == {1}


def test_a_hole_that_a_device_refuses_costs_one_failed_read() -> None:
    """Exception 2 for registers that nobody wants: they are read round from then on."""
    device = Member("a", 1, profile(0, 1, 5, 6))
    (refused,) = plan([device]).blocks
    assert [str(block) for block in plan([device], cuts=plan([device]).cuts(refused)).blocks] == [
        "unit 1 input/0x0000+2",
        "unit 1 input/0x0005+2",
    ]


def test_a_point_that_a_device_does_not_have_is_found_by_halves() -> None:
    device, missing = Member("a", 1, profile(*range(8))), 5
    cuts, failed = set[Cut](), 0
    while True:
        found = plan([device], cuts=cuts)
        refused = [b for b in found.blocks if b.address <= missing < b.address + b.count]
        more = found.cuts(refused[0])
        if not more:
            break
        cuts.update(more)
        failed += 1
    assert refused == [Block(1, Space.INPUT, missing, 1)]
    assert failed == 3


def test_one_number_is_not_cut() -> None:
    device = Member("a", 1, profile(4, kind="uint32"))
    (block,) = plan([device]).blocks
    assert plan([device]).cuts(block) == []


def test_one_request_reads_a_meter_over_the_network() -> None:
    assert asked(Member("HL-TC001-M", 1, METER)) == ["unit 1 input/0x0000+76"]


def test_a_device_that_answers_only_for_what_it_means_is_not_asked_across_holes() -> None:
    device = profile(0, 1, 3).model_copy(update={"across_holes": False})
    assert asked(Member("a", 1, device)) == ["unit 1 input/0x0000+2", "unit 1 input/0x0003+1"]


def test_what_a_value_depends_on_is_read_with_it() -> None:
    probe = library()["aqualabo-optod"]
    assert asked(Member("a", 1, probe)) == ["unit 1 holding/0x0053+20"]
    assert asked(Member("a", 1, probe), baud=9_600) == ["unit 1 holding/0x0053+20"]
    read = plan([Member("a", 1, probe)])
    words = [0x41D2, 0, 0x42C3, 0, 0x40D8, 0, *[0] * 11, 0, 0, 4]  # the third value is impossible
    (reading,) = read.decode({read.blocks[0]: Answer(words, 100)})
    assert reading.values == {"water_temperature": 26.25, "dissolved_oxygen_saturation": 97.5, "dissolved_oxygen": None}


def test_a_value_whose_unit_was_not_answered_is_absent() -> None:
    read = plan([Member("a", 1, library()["hach-surface-scatter-7-sc"])])
    value, unit, mode = read.blocks
    assert read.decode({value: Answer([0, 0x40E0], 100), mode: Answer([0], 100)}) == []
    answers = {value: Answer([0, 0x40E0], 100), unit: Answer([7], 100), mode: Answer([0], 100)}
    assert [reading.values for reading in read.decode(answers)] == [{"turbidity": 7.0}]


def test_a_device_that_has_not_told_its_map_has_nothing_to_read() -> None:
    assert plan([Member("a", 1, library()["ysi-exo"])]).blocks == ()


def test_commanded_points_are_not_polled() -> None:
    assert {block.space for block in plan([Member("HL-1", 11, SEGMENT)]).blocks} == {Space.INPUT}


def test_a_block_beyond_the_last_register_is_refused() -> None:
    with pytest.raises(ValueError, match="HL-1: block 2048 puts status_bits at 65536, beyond 65535"):
        plan([Member("HL-1", 11, SEGMENT, 2048)])


def answered(read: ReadPlan, words: dict[int, int]) -> dict[Block, Answer]:
    return {b: Answer([words.get(b.address + n, 0) for n in range(b.count)], 100 + b.unit) for b in read.blocks}


def test_an_answer_becomes_one_reading_for_each_device() -> None:
    lamps = [Member(f"HL-{n}", 11, SEGMENT, n) for n in range(2)]
    read = plan(lamps)
    first, second = read.decode(answered(read, {4: 200, 8: 1000, 32 + 4: 100, 32 + 8: 520}))
    assert (first.device, first.kind, first.at) == ("HL-0", "luminaire", 111)
    assert (first.values["actual_level"], first.values["active_power"]) == (100, 100)
    assert (second.values["actual_level"], second.values["active_power"]) == (50, 52)


def test_what_was_not_answered_is_absent() -> None:
    near, far = Member("near", 1, profile(0, 200)), Member("far", 2, profile(0))
    read = plan([near, far])
    answers = {b: a for b, a in answered(read, {0: 7}).items() if b.unit == 1 and b.address == 0}
    [reading] = read.decode(answers)
    assert (reading.device, dict(reading.values)) == ("near", {NAMES[0]: 7})


def test_an_answer_of_the_wrong_length_is_no_answer() -> None:
    read = plan([Member("a", 1, profile(0, 1))])
    assert read.decode({read.blocks[0]: Answer([1], 100)}) == []
    assert read.decode({read.blocks[0]: Answer([1, 2, 3], 100)}) == []


kinds = st.sampled_from([("uint16", 1), ("float32", 2), ("uint64", 4)])
places = st.lists(st.integers(0, 60), unique=True, min_size=1, max_size=12)
holes = st.lists(st.integers(0, 60), max_size=4)
spaces = st.sampled_from(["input", "holding"])
strides = st.sampled_from([None, 310])


@st.composite
def members(draw: st.DrawFn) -> Member:
    kind, wide = draw(kinds)
    addresses = [slot * 5 for slot in draw(places)]  # room for the widest
    forbidden = [(a * 5 + 4, a * 5 + 4) for a in draw(holes)]
    block = draw(strides)
    device = profile(
        *addresses,
        kind=kind,
        space=draw(spaces),
        forbidden=forbidden,
        most=draw(st.integers(wide, 125)),
        block=block,
    )
    number = draw(st.integers(0, 3)) if block else 0
    return Member(f"D{draw(st.integers(0, 10**9))}", draw(st.integers(1, 2)), device, number)


buses = st.lists(members(), max_size=5, unique_by=lambda m: m.device)


@settings(max_examples=150)
@given(buses, st.sampled_from([None, 9_600, 115_200]))
def test_every_polled_point_is_found_in_exactly_one_answer(bus: list[Member], baud: int | None) -> None:
    read = plan(bus, baud)
    for member in bus:
        found = read.places[member.device]
        assert sorted(place.point.quantity for place in found) == sorted(p.quantity for p in member.profile.polled)
        for point, block, offset, _ in found:
            assert (block.unit, block.space) == (member.unit, point.register_.space)
            assert block.address + offset == member.address(point)
            assert offset + point.width <= block.count
    assert len(read.blocks) == len(set(read.blocks))


@settings(max_examples=150)
@given(buses, st.sampled_from([None, 9_600, 115_200]))
def test_no_request_is_larger_than_the_devices_in_it_allow(bus: list[Member], baud: int | None) -> None:
    read = plan(bus, baud)
    for member in bus:
        assert all(block.count <= member.profile.most_registers for _, block, _, _ in read.places[member.device])


@settings(max_examples=150)
@given(buses, st.sampled_from([None, 9_600, 115_200]))
def test_no_request_touches_a_forbidden_register(bus: list[Member], baud: int | None) -> None:
    for block in plan(bus, baud).blocks:
        touched = set(range(block.address, block.address + block.count))
        for member in (m for m in bus if m.unit == block.unit):
            shift = member.block * (member.profile.block or 0)
            for span in (s for s in member.profile.forbidden if s.first.space is block.space):
                assert not touched & set(range(span.first.address + shift, span.last.address + shift + 1))
