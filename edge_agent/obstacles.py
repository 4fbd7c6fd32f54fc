"""What stands in the way of a command, and how it is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from edge_agent.links import Garbled, LinkError, NoAnswer, Refused, Unreachable
from protocols.commands import Answer, Command, Refusal, Step

_BY_ERROR: Mapping[type[LinkError], Refusal] = {
    Unreachable: Refusal.NO_CONNECTION,
    NoAnswer: Refusal.NO_ANSWER,
    Garbled: Refusal.GARBLED,
    Refused: Refusal.DEVICE_REFUSED,
}

_TOO_LATE = frozenset({Refusal.CAME_TOO_LATE, Refusal.SLEPT_THROUGH})


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a command is not done. `error` is what its bus said, `waited_s` how long we kept looking (wall time)."""

    refusal: Refusal
    error: LinkError | None = None
    wanted_level: float | None = None
    actual_level: float | None = None
    waited_s: float | None = None
    power: float | None = None  # W

    def __str__(self) -> str:
        return f"{self.refusal} ({self.error})" if self.error else str(self.refusal)


def trouble(error: LinkError) -> Obstacle:
    """What a bus had to say."""
    return Obstacle(_BY_ERROR[type(error)], error)


def refused(command: Command, obstacle: Obstacle, now: datetime) -> Answer:
    """The answer that ends a command badly."""
    late = obstacle.refusal in _TOO_LATE
    return Answer(
        id=command.id,
        step=Step.TOO_LATE if late else Step.REFUSED,
        at=now,
        refusal=obstacle.refusal,
        wanted_level=obstacle.wanted_level,
        actual_level=obstacle.actual_level,
        waited_s=obstacle.waited_s,
        active_power=obstacle.power,
        detail=_detail(obstacle.error),
    )


def _detail(error: LinkError | None) -> str | None:
    """The exception code as the makers' manuals print it."""
    return None if error is None or error.code is None else f"Modbus 0x{error.code:02X}"
