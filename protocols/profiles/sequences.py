"""What has to be asked of a device before its values can be read: a start, a wait, a stop, or its own map. All of it is
data, so that such a device needs no code of its own."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from protocols.config import ConfigModel
from protocols.durations import Span
from protocols.modbus import registers
from protocols.modbus.registers import Register, Space, Type
from protocols.profiles.points import Point, RegisterField, Valid, Word

LONGEST_WAIT = timedelta(minutes=5)


def _bounded(span: timedelta) -> timedelta:
    if span > LONGEST_WAIT:
        raise ValueError(f"{span.total_seconds():g}s is too long for one value; give at most 5m")
    return span


Wait = Annotated[Span, AfterValidator(_bounded)]


class Step(ConfigModel):
    """One request that makes something happen: a write, or a read whose answer does not matter.

    Some devices take a request for 0 registers as an order; `words: []` and `count: 0` are such.
    """

    write: RegisterField | None = None
    words: tuple[Word, ...] | None = Field(default=None, max_length=123)
    read: RegisterField | None = None
    count: int | None = Field(default=None, ge=0, le=125)

    @model_validator(mode="after")
    def _is_one_request(self) -> Self:
        is_write = self.write is not None and self.words is not None and self.read is None and self.count is None
        is_read = self.read is not None and self.count is not None and self.write is None and self.words is None
        if not (is_write or is_read):
            raise ValueError("a step is {write: holding/0x0001, words: [1]} or {read: holding/0x2500, count: 0}")
        if self.write is not None and self.write.space is not Space.HOLDING:
            raise ValueError(f"{self.write} cannot be written; only holding registers can")
        return self

    def __str__(self) -> str:
        return f"write {self.write}" if self.write is not None else f"read {self.read}+{self.count}"


class DynamicMap(ConfigModel):
    """A device that tells which value stands where: a list of codes that ends with 0, and the values in that order."""

    codes: RegisterField
    count: int = Field(ge=1, le=125)
    values: RegisterField
    type: Type = Type.FLOAT32
    status: RegisterField | None = Field(default=None, description="of each value; 0 is good")

    def place(self, number: int) -> Register:
        """Where the value of the code in place `number` stands."""
        return Register(self.values.space, self.values.address + number * registers.width(self.type))

    def located(self, points: Sequence[Point], codes: Sequence[int]) -> Iterator[Point]:
        """The points that a device with these codes has, each where it stands now. A code that stands twice counts
        where it stands first."""
        numbers = {code: n for n, code in reversed(list(enumerate(listed(codes))))}
        for point in points:
            number = next((numbers[code] for code in point.code if code in numbers), None)
            if number is not None:
                yield point.model_copy(update={"register_": self.place(number), "valid": self._valid(number)})

    def _valid(self, number: int) -> Valid | None:
        if self.status is None:
            return None
        return Valid(register=Register(self.status.space, self.status.address + number))


def listed(codes: Sequence[int]) -> Sequence[int]:
    """The codes before the 0 that ends the list."""
    return codes[: codes.index(0)] if 0 in codes else codes
