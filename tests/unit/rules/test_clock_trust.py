"""By what time an edge goes, and how far it believes its machine's clock."""

import pytest

from rules.clock_trust import Sight, Trust, judge

NOW = 1_800_000_000.0


def sight(
    machine: float = NOW,
    carried: float = NOW,
    offset: float | None = None,
    synchronised: bool | None = None,
    was_checked: bool = False,
    known: float | None = None,
) -> Sight:
    return Sight(machine, carried, offset, synchronised, was_checked, known)


@pytest.mark.parametrize(
    ("seen", "trust", "time"),
    [
        (sight(), Trust.UNCHECKED, NOW),
        (sight(synchronised=False), Trust.UNCHECKED, NOW),
        (sight(synchronised=True, offset=50), Trust.CHECKED, NOW),
        (sight(synchronised=True, carried=NOW - 50), Trust.CHECKED, NOW),
        (sight(offset=0.3), Trust.CHECKED, NOW),
        (sight(offset=1.9), Trust.CHECKED, NOW),
        (sight(offset=-3600), Trust.CHECKED, NOW + 3600),
        (sight(offset=3600, synchronised=False), Trust.CHECKED, NOW - 3600),
        (sight(machine=NOW + 900, was_checked=True), Trust.CARRIED, NOW),
        (sight(machine=0, was_checked=True, known=NOW - 5), Trust.CARRIED, NOW),
        (sight(machine=NOW + 900), Trust.UNCHECKED, NOW + 900),
        (sight(machine=0, carried=0, known=NOW), Trust.WRONG, 0),
        (sight(machine=0, carried=0, known=NOW, offset=-NOW), Trust.CHECKED, NOW),
        (sight(known=NOW - 5), Trust.UNCHECKED, NOW),
        (sight(known=NOW + 1), Trust.UNCHECKED, NOW),
    ],
)
def test_what_there_is_to_compare_with_decides(seen: Sight, trust: Trust, time: float) -> None:
    assert judge(seen) == (trust, time)
