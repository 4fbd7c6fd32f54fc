"""A luminaire that knows only its level, such as DALI gear behind a gateway: what holds it there, the edge knows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edge_agent.bus import Write
from edge_agent.lamps import Hold, Order, Programme, Release
from edge_agent.modbus_lamps import ModbusLamp
from protocols.commands import Override
from protocols.readings import Reading

_SAME = 0.001  # % of light: what is told is compared step by step, and the last digit may be rounded


@dataclass(frozen=True, slots=True)
class LevelLamp(ModbusLamp):
    """It is told one level, and tells which it has. The edge ends its overrides."""

    def corrections(
        self,
        reading: Reading,
        programme: float,
        override: Override | None,
        written: float | None,  # noqa: ARG002 - as every lamp
    ) -> Sequence[Order]:
        """The one level that it should have."""
        actual = reading.values.get("actual_level")
        order = Programme(programme) if override is None else Hold(override.level, override.until)
        return [] if actual is None or abs(actual - self.shown(order.level)) <= _SAME else [order]

    def obeyed(self, reading: Reading, programme: float, override: Override | None) -> Reading:
        """It has the level that it shows for the one it was told."""
        level = self.shown(programme if override is None else override.level)
        return replace(reading, values={**reading.values, "actual_level": level})

    async def _write(self, write: Write, order: Order) -> None:
        """Released is who is given another level, which follows."""
        if not isinstance(order, Release):
            found = self._registers({"programme_level": order.level})
            await write(self.device, found.address, found.words)
