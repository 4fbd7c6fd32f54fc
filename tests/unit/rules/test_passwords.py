"""Which new passwords are taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.passwords import SHORTEST, Weakness, weakness


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("elevensigns", Weakness.SHORT),
        ("", Weakness.SHORT),
        ("nguyen.thi.lan", Weakness.NAME),
        ("NguyenThiLan!!", Weakness.NAME),
        ("Nguyễn_Thị_Lan", Weakness.NAME),
        ("Password12345!", Weakness.COMMON),
        ("P@ssw0rd2026!!", Weakness.COMMON),
        ("Mật khẩu 123456", Weakness.COMMON),
        ("adminadminadmin", Weakness.COMMON),
        ("Haidang@2026#1", Weakness.COMMON),
        ("QuảngNinh-2026", Weakness.COMMON),
        ("123456789012", Weakness.COMMON),
        ("19791204197912", Weakness.COMMON),
        ("aaaaaaaaaaaaa", Weakness.COMMON),
        ("four words of a test", None),
        ("đèn biển sáng đêm", None),
        ("lan has a small dog", None),
        ("nguyen.thi.lan.2", None),
        ("q7Xz-99hK-mmT1", None),
    ],
)
def test_what_is_tried_first_is_not_taken(password: str, why: Weakness | None) -> None:
    assert weakness(password, "nguyen.thi.lan") is why


@given(st.text(max_size=SHORTEST - 1), st.text(max_size=20))
def test_nothing_short_is_taken(password: str, username: str) -> None:
    assert weakness(password, username) is Weakness.SHORT


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_judged(password: str, username: str) -> None:
    assert weakness(password, username) in (None, *Weakness)
