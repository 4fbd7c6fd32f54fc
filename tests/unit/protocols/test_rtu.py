"""An RTU answer is found wherever it stands, and nothing else is taken for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.modbus import rtu
from protocols.modbus.rtu import EXCEPTION, READ_HOLDING, READ_INPUT, WRITE_SEVERAL, Expected, Fate, Pace, look, sealed

ANSWER = sealed(11, bytes((READ_INPUT, 4, 0, 7, 0, 8)))
EXPECTED = Expected.registers(11, READ_INPUT, 2)


@pytest.mark.parametrize(
    ("frame", "origin"),
    [
        ("02 07 41 12", "Modbus over Serial Line V1.02, section 6.2.2, the example of the check sum"),
        ("01 03 00 00 00 0A C5 CD", "Eastron SDM630 protocol V1.8 and many others, the usual example of a request"),
        ("01 83 02 C0 F1", "the exception that belongs to it"),
    ],
)
def test_the_check_sum_is_that_of_published_frames(frame: str, origin: str) -> None:
    data = bytes.fromhex(frame)
    assert rtu.is_whole(data), origin
    assert sealed(data[0], data[1:-2]) == data


@pytest.mark.parametrize(
    ("baud", "bits", "silence_ms", "frame_of_45_ms"),
    [(9_600, 11, 4.01, 51.56), (19_200, 11, 2.005, 25.78), (38_400, 11, 1.75, 12.89), (115_200, 10, 1.75, 3.906)],
)
def test_silences_are_three_and_a_half_characters_up_to_19200_baud_and_fixed_above(
    baud: int, bits: int, silence_ms: float, frame_of_45_ms: float
) -> None:
    pace = Pace(baud, bits)
    assert pace.silence_s * 1000 == pytest.approx(silence_ms, rel=1e-3)
    assert pace.takes_s(45) * 1000 == pytest.approx(frame_of_45_ms, rel=1e-3)


def test_an_answer_comes_in_pieces() -> None:
    for n in range(len(ANSWER)):
        assert look(ANSWER[:n], EXPECTED) == rtu.Sight(Fate.NOTHING, 0)
    assert look(ANSWER, EXPECTED).frame == ANSWER


def test_an_exception_is_an_answer() -> None:
    refusal = sealed(11, bytes((READ_INPUT | EXCEPTION, 2)))
    assert look(refusal, EXPECTED) == rtu.Sight(Fate.ANSWER, 5, refusal)


def test_a_write_is_answered_by_its_echo() -> None:
    echo = sealed(11, bytes((WRITE_SEVERAL, 0, 26, 0, 3)))
    assert look(echo, Expected.echo(11, WRITE_SEVERAL)).frame == echo


@pytest.mark.parametrize(
    "other",
    [
        sealed(12, bytes((READ_INPUT, 4, 0, 1, 0, 2))),
        sealed(11, bytes((READ_HOLDING, 4, 0, 1, 0, 2))),
        sealed(11, bytes((READ_INPUT, 2, 0, 1))),
        sealed(12, bytes((READ_INPUT | EXCEPTION, 2))),
    ],
    ids=["another unit's", "of another function", "of another length", "another unit's exception"],
)
def test_an_answer_to_something_else_is_set_aside(other: bytes) -> None:
    seen = look(other + ANSWER, EXPECTED)
    assert (seen.frame, seen.strays, seen.noise) == (ANSWER, (other,), 0)


def test_a_spoilt_answer_is_known_at_once() -> None:
    seen = look(ANSWER[:-1] + b"\x00", EXPECTED)
    assert (seen.fate, seen.used) == (Fate.SPOILT, len(ANSWER))


def test_half_an_answer_does_not_hide_the_whole_one() -> None:
    seen = look(ANSWER[:5] + sealed(11, bytes((READ_INPUT | EXCEPTION, 6))), EXPECTED)
    assert seen.fate is Fate.ANSWER
    assert seen.noise == 5


quiet_noise = st.lists(st.sampled_from([0x00, 0x55, 0xFF, 0x7F, 0x20]), max_size=40).map(bytes)


@given(quiet_noise, st.lists(st.integers(1, 20), max_size=12))
def test_an_answer_is_found_behind_any_noise_however_it_is_cut(noise: bytes, cuts: list[int]) -> None:
    """As a link does: what is used is thrown away, what is left waits for the rest."""
    stream, buffer, noisy = noise + ANSWER, b"", 0
    while stream:
        size = cuts.pop() if cuts else len(stream)
        buffer, stream = buffer + stream[:size], stream[size:]
        seen = look(buffer, EXPECTED)
        buffer, noisy = buffer[seen.used :], noisy + seen.noise
        if seen.fate is not Fate.NOTHING:
            break
    assert (seen.fate, seen.frame, noisy) == (Fate.ANSWER, ANSWER, len(noise))


@given(st.binary(max_size=300))
def test_noise_is_never_an_answer_and_never_kept_for_ever(noise: bytes) -> None:
    seen = look(noise, EXPECTED)
    assert seen.fate is not Fate.ANSWER or rtu.is_whole(seen.frame)
    assert 0 <= seen.used <= len(noise)
    assert len(noise) - seen.used <= 5 + 255
