"""Numbers in registers: every order, every type, nothing lost on the way."""

import math
import struct
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from protocols.modbus.registers import Order, Register, Space, Type, bits, decode, encode, width

# 230.1 as Telegraf's documentation of its Modbus input names the four orders.
PATTERNS = {
    Order.ABCD: [0x4366, 0x199A],
    Order.CDAB: [0x199A, 0x4366],
    Order.BADC: [0x6643, 0x9A19],
    Order.DCBA: [0x9A19, 0x6643],
}
RANGES = {
    Type.UINT16: (0, 2**16 - 1),
    Type.INT16: (-(2**15), 2**15 - 1),
    Type.UINT32: (0, 2**32 - 1),
    Type.INT32: (-(2**31), 2**31 - 1),
    Type.UINT64: (0, 2**64 - 1),
    Type.INT64: (-(2**63), 2**63 - 1),
}
WIDTHS = {Type.UINT16: 1, Type.INT16: 1, Type.UINT64: 4, Type.INT64: 4, Type.FLOAT64: 4}


@pytest.mark.parametrize("order", Order)
def test_the_test_pattern_means_230_1_in_every_order(order: Order) -> None:
    assert decode(PATTERNS[order], Type.FLOAT32, order) == 230.1
    assert encode(230.1, Type.FLOAT32, order) == PATTERNS[order]
    assert bits(PATTERNS[order], order) == 0x4366199A


def test_a_64_bit_number_follows_the_same_rule_word_by_word() -> None:
    number = 0x0102030405060708
    assert encode(number, Type.UINT64, Order.ABCD) == [0x0102, 0x0304, 0x0506, 0x0708]
    assert encode(number, Type.UINT64, Order.CDAB) == [0x0708, 0x0506, 0x0304, 0x0102]
    assert encode(number, Type.UINT64, Order.BADC) == [0x0201, 0x0403, 0x0605, 0x0807]
    assert encode(number, Type.UINT64, Order.DCBA) == [0x0807, 0x0605, 0x0403, 0x0201]


@pytest.mark.parametrize("kind", Type)
def test_a_type_has_the_width_of_its_name(kind: Type) -> None:
    assert width(kind) == WIDTHS.get(kind, 2)


@given(st.sampled_from(sorted(RANGES)), st.sampled_from(Order), st.data())
def test_a_whole_number_comes_back(kind: Type, order: Order, data: st.DataObject) -> None:
    number = data.draw(st.integers(*RANGES[kind]))
    words = encode(number, kind, order)
    assert len(words) == width(kind)
    assert decode(words, kind, order) == number


@given(st.floats(allow_nan=False), st.sampled_from(Order))
def test_a_double_comes_back(number: float, order: Order) -> None:
    assert decode(encode(number, Type.FLOAT64, order), Type.FLOAT64, order) == number


@given(st.floats(width=32, allow_nan=False), st.sampled_from(Order))
def test_a_float32_comes_back_as_the_shortest_decimal_that_means_it(number: float, order: Order) -> None:
    words = encode(number, Type.FLOAT32, order)
    shortest = decode(words, Type.FLOAT32, order)
    assert encode(shortest, Type.FLOAT32, order) == words
    assert _digits(shortest) <= _digits(number)


@example(999999995904.0)  # 1e12, which Python writes with more zeros
@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_no_float32_has_more_digits_than_it_needs(number: float) -> None:
    assert _digits(decode(encode(number, Type.FLOAT32, Order.ABCD), Type.FLOAT32, Order.ABCD)) <= 9


def _digits(number: float) -> int:
    """Those that count, without the zeros at both ends."""
    return len(Decimal(repr(number)).normalize().as_tuple().digits) if math.isfinite(number) else 0


@given(st.lists(st.integers(0, 0xFFFF), min_size=2, max_size=2), st.sampled_from(Order))
def test_every_pattern_of_a_float32_decodes_to_something(words: list[int], order: Order) -> None:
    number = decode(words, Type.FLOAT32, order)
    if not math.isnan(number):
        assert struct.pack(">f", number) == bits(words, order).to_bytes(4, "big")


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (65536, Type.UINT16),
        (-1, Type.UINT16),
        (65535.5, Type.UINT16),
        (32768, Type.INT16),
        (2**32, Type.UINT32),
        (-1, Type.UINT64),
        (3.5e38, Type.FLOAT32),
        (math.inf, Type.INT32),
        (math.nan, Type.UINT16),
    ],
)
def test_a_number_that_does_not_fit_is_refused(number: float, kind: Type) -> None:
    with pytest.raises(OverflowError):
        encode(number, kind, Order.ABCD)


def test_a_whole_number_is_rounded_to_the_nearest() -> None:
    assert encode(2300.6, Type.UINT16, Order.ABCD) == [2301]


def test_a_register_is_written_as_in_a_profile() -> None:
    assert str(Register(Space.INPUT, 0x10)) == "input/0x0010"
