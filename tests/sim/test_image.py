"""Values and registers: the short way gives what the profile's own codec gives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.image import Layout, data, words
from protocols.modbus.registers import Space, Type
from protocols.profiles import Point, library

LAMP = library()["haidang-segment-controller"]
WHOLE = [p for p in LAMP.polled if p.type in (Type.UINT16, Type.INT16, Type.UINT32)]


def of(layout: Layout, image: bytes, point: Point) -> float | None:
    first = point.register_.address - layout.first
    return point.decode(words(image)[first : first + point.width])


@given(st.lists(st.integers(0, 0x7FFE), min_size=len(WHOLE), max_size=len(WHOLE)))
def test_every_value_of_a_lamp_is_read_back_as_it_was_put(numbers: list[int]) -> None:
    layout = Layout(LAMP, Space.INPUT)
    values = {p.quantity: float(n * p.scale) for p, n in zip(WHOLE, numbers, strict=True)}
    image = layout.encode(values)

    for point in WHOLE:
        assert of(layout, image, point) == pytest.approx(values[point.quantity])
        start = 2 * point.register_.address
        assert image[start : start + 2 * point.width] == data(point.encode(values[point.quantity]))


@pytest.mark.parametrize("name", ["eastron-sdm630", "yosemitech-y4000", "renke-air-station"])
def test_every_value_of_an_instrument_is_read_back_as_it_was_put(name: str) -> None:
    profile = library()[name]
    layout = Layout(profile, profile.polled[0].register_.space)
    values = {point.quantity: float(7 + n) for n, point in enumerate(profile.polled)}
    image = layout.encode(values)

    assert {p.quantity: of(layout, image, p) for p in profile.polled} == pytest.approx(values)


def test_a_lamp_that_is_not_reached_reads_not_known_in_its_whole_block() -> None:
    layout = Layout(LAMP, Space.INPUT, fill=0xFFFF)

    assert {of(layout, layout.not_known, point) for point in LAMP.polled} == {None}
    assert len(layout.not_known) == 64
