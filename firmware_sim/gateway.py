"""A gateway from Modbus to a line of DALI gear: one level for each address, for a group, or for all."""

from collections.abc import Collection, Mapping, Sequence

from firmware_sim.image import data
from firmware_sim.luminaire import Luminaire, Segment
from firmware_sim.units import IllegalAddress, IllegalValue
from protocols.modbus.registers import Space
from protocols.profiles import Profile, Reach

_MASK = 255  # a level that changes nothing, and is nobody's


class DaliGateway:
    """`lamps` are at the addresses from 0; `groups` says which addresses a group has. Levels travel as DALI counts."""

    takes_orders = False

    def __init__(
        self, profile: Profile, segment: Segment, lamps: Sequence[Luminaire], groups: Mapping[int, Collection[int]]
    ) -> None:
        self.silent = False
        self._segment = segment
        self._lamps = lamps
        self._groups = groups
        self._blocks, self._stride = profile.blocks or 1, profile.block or 1
        self._level = profile.point("actual_level")
        self._written = profile.point("programme_level")
        self._reach = profile.reach or Reach()

    def read(self, space: Space, address: int, count: int, now: float) -> bytes:
        self._segment.hear(now)
        if space is not self._level.register_.space:
            raise IllegalAddress
        return data([self._word(address + n, now) for n in range(count)])

    def write(self, address: int, numbers: Sequence[int], now: float) -> None:
        self._segment.hear(now)
        reached = [self._reached(address + n) for n in range(len(numbers))]
        if any(number > _MASK for number in numbers):
            raise IllegalValue
        for lamps, number in zip(reached, numbers, strict=True):
            for lamp in lamps:
                if number != _MASK:
                    lamp.set_programme(self._written.decode([number]), now)

    def _word(self, address: int, now: float) -> int:
        block = self._block(address, self._level.register_.address)
        if block is None:
            if self._is_inside(address):
                return 0
            raise IllegalAddress
        if block >= len(self._lamps):
            return _MASK
        self._lamps[block].advance(now)
        (word,) = self._level.encode(self._lamps[block].state.level)
        return word

    def _reached(self, address: int) -> Sequence[Luminaire]:
        block = self._block(address, self._written.register_.address)
        if block is not None:
            return self._lamps[block : block + 1]
        if self._reach.all is not None and address == self._reach.all.address:
            return self._lamps
        group = self._reach.group
        if group is not None and 0 <= address - group.register_.address < group.count * group.every:
            number, rest = divmod(address - group.register_.address, group.every)
            if rest == 0:
                return [self._lamps[n] for n in self._groups.get(number, ()) if n < len(self._lamps)]
        raise IllegalAddress

    def _block(self, address: int, first: int) -> int | None:
        block, rest = divmod(address - first, self._stride)
        return block if rest == 0 and 0 <= block < self._blocks else None

    def _is_inside(self, address: int) -> bool:
        """Between the first and the last level: what else stands there we do not play."""
        first = self._level.register_.address
        return first <= address < first + self._blocks * self._stride
