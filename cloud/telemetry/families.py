"""What the embedded store keeps under one name: samples of a kind by the hour, or rows of a summary by the day.

Rows are named by (number, "at"): a device's or key's number, and the second. A quantity has two columns, its value and
its flag (`voltage`, `voltage_q`); a field of a summary has one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from cloud.telemetry.names import field_name, kind_name, quantity_name, summary_name
from protocols.quantities import QUANTITIES

_ROW = ("number", "at")


class Part(StrEnum):
    """The two halves of the store."""

    SAMPLES = "samples"
    SUMMARIES = "summaries"


_PERIOD_S = {Part.SAMPLES: 3_600, Part.SUMMARIES: 86_400}


@dataclass(frozen=True, slots=True)
class Family:
    """One kind or one summary. Made by `family`, which checks the name."""

    part: Part
    name: str

    def __str__(self) -> str:
        return f"{self.part}.{self.name}"

    @property
    def period_s(self) -> int:
        """What is sealed together, in seconds of UTC."""
        return _PERIOD_S[self.part]

    @property
    def has_flags(self) -> bool:
        """A sample is merged quantity by quantity, by its flag; a summary's row is replaced as a whole."""
        return self.part is Part.SAMPLES

    def column(self, name: str) -> str:
        """A quantity or a field as it stands in SQL. Raises StoreRefused."""
        return f'"{quantity_name(name) if self.has_flags else field_name(name)}"'

    def columns(self, names: Iterable[str]) -> list[str]:
        """All columns of some quantities or fields."""
        return [column for name in names for column in self._columns(name)]

    def typed(self, name: str) -> list[str]:
        """The columns of one quantity or field with their types."""
        return [f"{column} {kind}" for column, kind in zip(self._columns(name), ("DOUBLE", "UTINYINT"), strict=False)]

    def names(self, columns: Iterable[str]) -> Iterator[str]:
        """The quantities or fields among columns. A sealed file leaves out the flags of good values."""
        return (column for column in columns if column not in _ROW and (not self.has_flags or column in QUANTITIES))

    def whole_names(self, columns: Iterable[str]) -> Iterator[str]:
        """The quantities or fields of a table: a kill between a quantity's column and its flag's leaves only one."""
        there = set(columns)
        return (name for name in self.names(there) if not self.has_flags or f"{name}_q" in there)

    def _columns(self, name: str) -> tuple[str, ...]:
        return (self.column(name), flag(name)) if self.has_flags else (self.column(name),)


def family(part: Part, name: str) -> Family:
    """Raises StoreRefused for what is no name."""
    return Family(part, kind_name(name) if part is Part.SAMPLES else summary_name(name))


def flag(quantity: str) -> str:
    """The column of a quantity's flags."""
    return f'"{quantity}_q"'
