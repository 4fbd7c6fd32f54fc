"""Sums over the lamps of a segment, a cabinet, a ward, a group and the city, from what is known of each lamp."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rules.energy import Grade
from rules.fleet_energy import Bools, Ints
from rules.fleet_rollup import Floats


@dataclass(frozen=True, slots=True)
class Members:
    """Pairs of a lamp's number and the number of what it belongs to; a lamp may belong to several, or to none."""

    lamps: Ints
    owners: Ints
    count: int

    def total(self, of_lamps: Floats) -> Floats:
        """The sum over the members of each owner; what is unknown (NaN) adds nothing."""
        return np.bincount(self.owners, np.nan_to_num(of_lamps)[self.lamps], self.count).astype(np.float64)

    def number(self, of_lamps: Bools) -> Floats:
        """How many members of each owner it is true of."""
        return np.bincount(self.owners, of_lamps[self.lamps], self.count).astype(np.float64)

    def smallest(self, of_lamps: Floats) -> Floats:
        """NaN without a known value."""
        return self._extreme(np.fmin, of_lamps)

    def largest(self, of_lamps: Floats) -> Floats:
        """NaN without a known value."""
        return self._extreme(np.fmax, of_lamps)

    def together(self, of_lamps: Ints) -> Ints:
        """All the bits that stand in any member."""
        bits = np.zeros(self.count, np.int64)
        np.bitwise_or.at(bits, self.owners, of_lamps[self.lamps])
        return bits

    def _extreme(self, choose: np.ufunc, of_lamps: Floats) -> Floats:
        found = np.full(self.count, np.nan)
        choose.at(found, self.owners, of_lamps[self.lamps])
        return found


@dataclass(frozen=True, slots=True)
class LampHour:
    """What is known of every lamp in one hour; NaN is unknown. Energy is whole Wh, power the mean in W."""

    energy: Floats
    grade: Floats
    events: Floats
    power: Floats

    @classmethod
    def of(cls, lamps: int, devices: Ints, fields: Mapping[str, Floats]) -> "LampHour":
        """From the rows of some lamps."""
        return cls(
            *(
                _spread(lamps, devices, fields.get(name))
                for name in ("energy_wh", "energy_q", "energy_events", "active_power_mean")
            )
        )


def hour_sums(hour: LampHour, members: Members) -> dict[str, Floats]:
    """The fields of an hourly sum."""
    known = ~np.isnan(hour.energy)
    estimated = known & (hour.grade >= Grade.ESTIMATED)
    lamps = members.number(np.ones(len(known), np.bool_))
    return {
        "energy_wh": _where_known(members, hour.energy),
        "lamps_n": lamps,
        "energy_estimated_wh": members.total(np.where(estimated, hour.energy, 0.0)),
        "energy_missing_n": lamps - members.number(known),
        "energy_events": members.together(np.nan_to_num(hour.events).astype(np.int64)).astype(np.float64),
        "active_power_mean": _where_known(members, hour.power),
    }


def step_sums(power: Floats, members: Members) -> dict[str, Floats]:
    """The fields of a 5-minute sum, from the mean power of every lamp in that step."""
    return {
        "active_power_sum": _where_known(members, power),
        "active_power_n": members.number(~np.isnan(power)),
        "active_power_min": members.smallest(power),
        "active_power_max": members.largest(power),
    }


def _where_known(members: Members, of_lamps: Floats) -> Floats:
    """A sum to the millionth; unknown where no member is known."""
    total = np.rint(members.total(of_lamps) * 1e6) / 1e6
    return np.where(members.number(~np.isnan(of_lamps)) > 0, total, np.nan)


def _spread(lamps: int, devices: Ints, column: Floats | None) -> Floats:
    spread = np.full(lamps, np.nan)
    if column is not None:
        spread[devices] = column
    return spread
