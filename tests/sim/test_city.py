"""A city of the wanted size comes out of the YAML, always the same, on the land, wired as a real one."""

import math
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from firmware_sim import city
from firmware_sim.city import CitySpec, length
from firmware_sim.expansion import Expanded, edge_count, expand, unaccented
from firmware_sim.geometry import Frame, Raster, Ruler, curve, distance_to_segment
from firmware_sim.mqtt_kinds import MAKES
from firmware_sim.poles import TooManyLamps
from protocols.config import ConfigError
from protocols.profiles import library

HALONG = Path(str(city.CITIES / "halong.yaml"))


@pytest.fixture(scope="module")
def spec() -> CitySpec:
    return city.load_city(HALONG)


@pytest.fixture(scope="module")
def small(spec: CitySpec) -> CitySpec:
    """The same city with the districts round its centre only, which is quicker to lay."""
    return spec.model_copy(update={"districts": spec.districts[:6]})


@pytest.fixture(scope="module")
def halong(spec: CitySpec) -> Expanded:
    return expand(spec, 500)


def test_the_same_spec_gives_the_same_city(spec: CitySpec, halong: Expanded) -> None:
    again = expand(spec, 500)

    assert again.city == halong.city
    assert again.buses == halong.buses


@pytest.mark.parametrize("lamps", [1, 2, 7, 119, 121, 500, 2000])
def test_a_city_has_exactly_the_lamps_that_were_asked_for(small: CitySpec, lamps: int) -> None:
    luminaires = expand(small, lamps).city.luminaires

    assert len(luminaires) == lamps
    assert [lamp.id for lamp in luminaires] == [f"HL-{n:06d}" for n in range(1, lamps + 1)]


def test_more_lamps_than_streets_is_answered_with_how_many_there_can_be(small: CitySpec) -> None:
    with pytest.raises(TooManyLamps, match=r"^1000000 lamps are too many .* give \d{4,5} or fewer"):
        expand(small, 1_000_000)


def test_a_group_has_the_lamps_of_its_streets_or_round_its_place(halong: Expanded) -> None:
    groups = {group.id: set(group.members) for group in halong.city.groups}
    coast = {"Trần Quốc Nghiễn", "Đường Hạ Long"}
    assert groups["COAST-ROAD"] == {lamp.id for lamp in halong.city.luminaires if lamp.street in coast}
    metres, park = halong.net.frame.metres, halong.net.frame.metres((107.0790, 20.9500))
    near = [
        lamp.id for lamp in halong.city.luminaires if math.dist(metres((lamp.longitude, lamp.latitude)), park) <= 350
    ]
    assert groups["PARK"] == set(near)


def test_a_street_gives_its_lamps_a_road_class_and_a_park_or_a_bridge_what_they_light(halong: Expanded) -> None:
    groups = {lamp: group.id for group in halong.city.groups for lamp in group.members if group.id != "COAST-ROAD"}
    said = {(groups.get(lamp.id), lamp.use, lamp.road_class) for lamp in halong.city.luminaires}
    assert said == {
        (None, "road", "M3"),
        (None, "road", "M4"),
        (None, "road", "M5"),
        ("BRIDGE", "bridge", "M3"),
        ("PARK", "park", None),
    }


def test_a_group_of_which_no_lamp_stands_in_a_small_city_is_left_out(small: CitySpec) -> None:
    assert "PARK" not in [group.id for group in expand(small, 5).city.groups]


def test_a_cabinet_feeds_at_most_120_lamps_over_three_phases(halong: Expanded) -> None:
    per_cabinet = Counter(lamp.cabinet for lamp in halong.city.luminaires)
    per_segment = Counter(lamp.segment for lamp in halong.city.luminaires)

    assert set(per_cabinet) == {cabinet.id for cabinet in halong.city.cabinets}
    assert max(per_cabinet.values()) <= 120
    assert max(per_segment.values()) <= 40
    assert all(lamp.segment == f"{lamp.cabinet}-{lamp.phase}" for lamp in halong.city.luminaires)


def test_the_lamps_of_a_segment_follow_one_another(halong: Expanded) -> None:
    segments = [lamp.segment for lamp in halong.city.luminaires]

    assert sum(a != b for a, b in pairwise(segments)) == len(set(segments)) - 1


def test_a_cabinet_does_not_reach_across_the_strait_except_over_the_bridge(halong: Expanded) -> None:
    banks: dict[str, set[int]] = defaultdict(set)
    for lamp in halong.city.luminaires:
        at = halong.net.frame.metres((lamp.longitude, lamp.latitude))
        banks[lamp.cabinet].add(halong.net.land.area(*at))

    assert all(len(found - {0}) <= 1 for found in banks.values())


def test_only_bridges_have_lamps_over_water(halong: Expanded) -> None:
    at = {lamp.id: halong.net.frame.metres((lamp.longitude, lamp.latitude)) for lamp in halong.city.luminaires}
    wet = {lamp.street for lamp in halong.city.luminaires if not halong.net.land.area(*at[lamp.id])}

    assert wet <= {"Cầu Bãi Cháy"}


def test_neighbours_on_a_street_stand_17_to_35_metres_apart(halong: Expanded) -> None:
    frame = halong.net.frame
    along: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for lamp in halong.city.luminaires:
        along[lamp.cabinet, lamp.street].append(frame.metres((lamp.longitude, lamp.latitude)))
    gaps = [math.dist(a, b) for spots in along.values() for a, b in pairwise(spots)]
    usual = [gap for gap in gaps if gap < 45]  # farther apart: a main road lights the junction between

    assert len(usual) > 0.9 * len(gaps)
    assert all(17 <= gap <= 35 for gap in usual)


def test_every_reference_in_the_inventory_exists(halong: Expanded) -> None:
    inventory = halong.city
    wards, types = {w.id for w in inventory.wards}, {t.id for t in inventory.luminaire_types}

    assert {lamp.type for lamp in inventory.luminaires} <= types
    assert {lamp.ward for lamp in inventory.luminaires} | {c.ward for c in inventory.cabinets} <= wards
    assert {s.ward for s in inventory.stations} | {c.ward for c in inventory.cameras} <= wards
    assert {c.edge for c in inventory.cabinets} == set(inventory.edges)
    assert {m.cabinet for m in inventory.meters} == {c.id for c in inventory.cabinets}


def test_every_device_answers_at_an_address_of_its_own(halong: Expanded) -> None:
    for bus in halong.buses:
        places = [(device.unit, device.block) for device in bus.devices]
        assert len(set(places)) == len(places)
        assert {device.profile for device in bus.devices} <= set(library())
    devices = {device.id for bus in halong.buses for device in bus.devices}
    lamps, meters = {lamp.id for lamp in halong.city.luminaires}, {meter.id for meter in halong.city.meters}
    assert devices == (lamps - halong.alone) | meters | {station.id for station in halong.city.stations}


def test_a_few_lamps_of_one_edge_speak_for_themselves_where_the_city_is_large_enough(halong: Expanded) -> None:
    (bus,) = halong.mqtt
    served = {lamp.id: lamp for lamp in halong.city.luminaires if lamp.id in halong.alone}
    cabinets = {cabinet.id: cabinet.edge for cabinet in halong.city.cabinets}

    assert Counter(device.profile for device in bus.devices) == dict.fromkeys(MAKES, 2)
    assert {cabinets[lamp.cabinet] for lamp in served.values()} == {bus.edge}
    assert len({lamp.cabinet for lamp in served.values()}) == 1


@pytest.mark.parametrize("lamps", [1, 12, 199])
def test_a_small_city_has_none_of_them(small: CitySpec, lamps: int) -> None:
    assert expand(small, lamps).mqtt == ()


@pytest.mark.parametrize(
    ("lamps", "cabinets", "edges"),
    [(1, 1, 1), (150, 2, 1), (151, 2, 2), (500, 5, 4), (600, 5, 4), (3000, 25, 4), (3100, 26, 5), (50_000, 420, 8)],
)
def test_a_city_has_as_many_edges_as_its_size_asks_for(lamps: int, cabinets: int, edges: int) -> None:
    assert edge_count(lamps, cabinets) == edges


def test_cabinets_are_divided_evenly_among_the_edges(small: CitySpec) -> None:
    served = Counter(cabinet.edge for cabinet in expand(small, 5000).city.cabinets)

    assert max(served.values()) - min(served.values()) <= 1


def test_the_curve_of_every_luminaire_type_rises_to_its_rated_power(spec: CitySpec) -> None:
    for kind in spec.luminaire_types:
        levels, powers = zip(*kind.expected_power, strict=True)
        assert levels == (0.5, 25, 50, 75, 100)
        assert list(powers) == sorted(powers)
        assert powers[-1] == kind.rated_power_w


@pytest.mark.parametrize(
    ("wrong", "line_of", "advice"),
    [
        ("lamps: 500\nlampes: 3\n", "lampes", "unknown key; did you mean `lamps`?"),
        ("lamps: 0\n", "lamps", "Input should be greater than or equal to 1"),
    ],
)
def test_a_mistake_in_the_city_is_answered_with_its_line(wrong: str, line_of: str, advice: str, tmp_path: Path) -> None:
    text = HALONG.read_text("utf-8").replace("lamps: 500\n", wrong)
    file = tmp_path / "halong.yaml"
    file.write_text(text, "utf-8")
    line = next(n for n, t in enumerate(text.splitlines(), start=1) if t.startswith(f"{line_of}:"))

    with pytest.raises(ConfigError) as error:
        city.load_city(file)

    assert f"halong.yaml:{line}: {line_of}: {advice}" in str(error.value)


@pytest.mark.parametrize(
    ("good", "bad", "answer"),
    [
        (
            "Asia/Ho_Chi_Minh",
            "Asia/Hanoi",
            "timezone: 'Asia/Hanoi' is not a time zone; write one as in Asia/Ho_Chi_Minh",
        ),
        (
            "streets: [Cầu Bãi Cháy]",
            "streets: [Cầu Rồng]",
            "groups[1].streets[0]: no street of this city is called Cầu Rồng",
        ),
        (
            "types: [LED-90]",
            "types: [LED-99]",
            "lighting.secondary.types[0]: no luminaire type LED-99; there are LED-60, LED-90, LED-120, LED-150",
        ),
        (
            "  residential: {lamp_every: 26m, offset: 3.5m, types: [LED-60], road_class: M5}\n",
            "",
            "lighting.residential: is missing",
        ),
        ("{id: LED-90,", "{id: LED-60,", "luminaire_types[1].id: LED-60 stands twice; every id names one thing"),
        ("id: HL-CAM-01", "id: HL-AIR-01", "cameras[0].id: HL-AIR-01 stands twice; every id names one thing"),
        (
            "renke-air-station",
            "renke-air-statoin",
            "stations[0].profile: unknown profile 'renke-air-statoin'; did you mean `renke-air-station`?",
        ),
        (
            "renke-air-station",
            "eastron-sdm630",
            "stations[0].profile: eastron-sdm630 is of kind meter, not air_station",
        ),
        (
            "seed:",
            "luminaire_profile: eastron-sdm630\nseed:",
            "luminaire_profile: eastron-sdm630 is of kind meter, not luminaire",
        ),
        (
            "profile: tasmota-dimmer",
            "profile: eastron-sdm630",
            "mqtt.makes[1].profile: eastron-sdm630 does not speak MQTT; there are nbiot-street-node, tasmota-dimmer,"
            " zigbee2mqtt-dimmer",
        ),
    ],
)
def test_parts_that_do_not_fit_together_are_answered_too(good: str, bad: str, answer: str, tmp_path: Path) -> None:
    text = HALONG.read_text("utf-8")
    assert good in text
    (file := tmp_path / "halong.yaml").write_text(text.replace(good, bad, 1), "utf-8")

    with pytest.raises(ConfigError) as error:
        city.load_city(file)

    assert answer in [line.split(": ", 1)[1] for line in str(error.value).splitlines()]


def test_a_length_without_a_unit_is_answered_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "halong.yaml"
    file.write_text(HALONG.read_text("utf-8").replace("lamp_every: 28m", "lamp_every: 28ft"), "utf-8")

    with pytest.raises(ConfigError, match=r"lighting.secondary.lamp_every: '28ft' is not a length; write .* as in 28m"):
        city.load_city(file)


@pytest.mark.parametrize(("text", "metres"), [("28m", 28.0), ("3.5m", 3.5), ("1.2km", 1200.0)])
def test_lengths_are_written_with_their_unit(text: str, metres: float) -> None:
    assert length(text) == pytest.approx(metres)


def test_names_in_english_have_no_accents() -> None:
    assert unaccented("Đường Trần Quốc Nghiễn") == "Duong Tran Quoc Nghien"


def test_degrees_and_metres_are_each_others_inverse() -> None:
    frame = Frame(107.07, 20.95)

    assert frame.degrees(frame.metres((107.1, 20.9))) == pytest.approx((107.1, 20.9))
    assert frame.metres((107.07, 20.96)) == pytest.approx((0, 1111.95))


def test_a_point_is_in_the_area_that_its_outline_encloses() -> None:
    raster = Raster([[(0, 0), (200, 0), (200, 200), (0, 200)], [(300, 0), (500, 0), (300, 200)]], cell=10)

    assert [raster.area(*at) for at in [(100, 100), (250, 100), (320, 50), (490, 190), (-5, 50)]] == [1, 0, 2, 0, 0]


def test_a_curve_passes_through_its_points() -> None:
    points = [(0.0, 0.0), (100.0, 50.0), (200.0, 0.0)]

    assert set(points) <= set(curve(points))


def test_a_ruler_finds_points_along_and_beside_a_line() -> None:
    ruler = Ruler([(0, 0), (100, 0), (100, 100)])

    assert ruler.length == 200
    assert ruler.at(150) == ((100, 50), (0, 1))
    assert ruler.beside(50, 5) == (50, 5)
    assert distance_to_segment((50, 7), (0, 0), (100, 0)) == 7
