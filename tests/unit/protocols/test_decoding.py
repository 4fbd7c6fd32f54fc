"""The short way of decoding gives what the long way gives, for every type, order and pattern."""

import math

from hypothesis import given
from hypothesis import strategies as st

from protocols.modbus import registers
from protocols.modbus.registers import Order, Type
from protocols.profiles.decoding import decoder, of_one_word, one_word
from protocols.profiles.points import Point

WORDS = st.lists(st.integers(0, 0xFFFF) | st.sampled_from([0, 0x7FC0, 0x7F80, 0x8000, 0xFFFF]), min_size=6, max_size=6)


@st.composite
def points(draw: st.DrawFn) -> Point:
    kind = draw(st.sampled_from(Type))
    masked = kind in (Type.UINT16, Type.UINT32) and draw(st.booleans())
    return Point.model_validate(
        {
            "quantity": "voltage",
            "register": "input/0",
            "type": kind,
            "order": draw(st.sampled_from(Order)),
            "scale": draw(st.sampled_from(["1", "0.1", "1/3", "1000", "-1"])),
            "offset": draw(st.sampled_from(["0", "-40"])),
            "no_value": draw(st.lists(st.sampled_from([0, 0xFFFF, 0x8000, 0x7FC00000, 0xFFFFFFFF]), max_size=2)),
            "mask": 0xFF00 if masked else None,
            "curve": "dali" if kind is Type.UINT16 and not masked and draw(st.booleans()) else None,
        }
    )


@given(points(), WORDS, st.integers(0, 2))
def test_both_ways_say_the_same(point: Point, words: list[int], offset: int) -> None:
    long = point.decode(words[offset : offset + point.width])
    assert decoder(point)(words, offset) == long
    if usual := one_word(point, offset):
        assert of_one_word([usual], words) == {"voltage": long}


def test_most_points_are_numbers_in_one_register() -> None:
    kinds = {kind: Point.model_validate({"quantity": "voltage", "register": "input/0", "type": kind}) for kind in Type}
    assert [kind for kind, point in kinds.items() if one_word(point, 0)] == [Type.UINT16, Type.INT16]


@given(st.floats(width=32, allow_nan=True, allow_infinity=True), st.sampled_from([Order.ABCD, Order.CDAB]))
def test_a_float_is_told_in_as_few_digits_as_mean_it(number: float, order: Order) -> None:
    point = Point.model_validate({"quantity": "voltage", "register": "input/0", "type": "float32", "order": order})
    value = decoder(point)(registers.encode(number, Type.FLOAT32, order), 0)
    assert value == (registers.shortest(number) if math.isfinite(number) else None)
