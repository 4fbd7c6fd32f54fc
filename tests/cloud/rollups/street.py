"""Some hours of a street, second by second the same at every run: lamps, a meter and an air station."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from protocols.readings import Quality, Reading
from rules.energy import HOUR_S
from tests.cloud.cities import lamp_id
from tests.cloud.clocks import EVENING

START = int(EVENING.timestamp())  # a full hour
LAMPS = 6


@dataclass(frozen=True, slots=True)
class Seeded:
    """What goes wrong: `register` turns a true register (Wh) into what the lamp says at a second; None says nothing."""

    register: Callable[[int, int], int | None]
    is_silent: Callable[[int], bool] = lambda _at: False


def plain(_at: int, register: int) -> int:
    return register


def reset_at(moment: int, lamp: int = 1) -> Seeded:
    """The register starts again at zero."""
    return Seeded(lambda at, wh: wh if at < moment else wh - register_of(lamp, moment))


def swapped_at(moment: int) -> Seeded:
    """Another meter, with another register."""
    return Seeded(lambda at, wh: wh if at < moment else wh + 9_000_000)


def dips_at(moment: int, lasts_s: int = 180) -> Seeded:
    return Seeded(lambda at, wh: wh - 7 if moment <= at < moment + lasts_s else wh)


def silent_between(start: int, end: int) -> Seeded:
    return Seeded(plain, lambda at: start <= at < end)


def power(lamp: int, at: int) -> float:
    """Watts to a tenth; a different lamp burns differently, and never quite evenly."""
    return 40.0 + 10 * lamp + (at // 60 * (lamp + 3)) % 17 / 10


@cache
def used(lamp: int, at: int) -> int:
    """Whole Wh since the start, from the powers minute by minute."""
    minutes = range(START // 60, at // 60)
    return int(sum(power(lamp, minute * 60) for minute in minutes) / 60)


def register_of(lamp: int, at: int) -> int:
    """What a sound register shows, Wh."""
    return 1_000_000 * lamp + used(lamp, at)


def minute(at: int, seeded: Mapping[int, Seeded]) -> list[Reading]:
    """What everything says in the minute that begins at a second; devices speak at different seconds of it."""
    found = list(_lamps(at, seeded))
    meter = sum(used(lamp, at) for lamp in range(1, LAMPS + 1)) / 1000 + 12_000
    found.append(Reading("HL-TC001-M", "meter", at + 29, {"active_energy": round(meter, 3), "active_power": 400.5}))
    flags = {"pm2_5": Quality.SUSPECT} if at // 60 % 7 == 0 else {}
    found.append(Reading("HL-AIR-01", "air_station", at + 5, {"pm2_5": 10.1 + at // 60 % 5, "noise": None}, flags))
    return found


def _lamps(at: int, seeded: Mapping[int, Seeded]) -> Iterator[Reading]:
    for lamp in range(1, LAMPS + 1):
        second = at + 7 * lamp
        wrong = seeded.get(lamp, Seeded(plain))
        if wrong.is_silent(second):
            continue
        values: dict[str, float | None] = {"active_power": power(lamp, at), "actual_level": 100.0}
        register = wrong.register(second, register_of(lamp, at))
        if lamp != LAMPS:  # the last lamp has no register
            values["active_energy"] = None if register is None else register / 1000
        yield Reading(lamp_id(lamp), "luminaire", second, values)


def minutes(first: int, count: int, seeded: Mapping[int, Seeded] | None = None) -> list[list[Reading]]:
    """A list for each minute, from a number of minutes after the start."""
    return [minute(START + n * 60, seeded or {}) for n in range(first, first + count)]


def hour(n: int) -> int:
    """The start of the n-th hour, Unix seconds."""
    return START + n * HOUR_S


def of_devices(readings: Sequence[Reading], devices: set[str]) -> list[Reading]:
    return [reading for reading in readings if reading.device in devices]
