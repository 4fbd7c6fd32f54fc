"""Whatever goes wrong on a bus has its word for the console, and its code for the technician."""

from datetime import timedelta

import pytest

from edge_agent.links import Garbled, LinkError, NoAnswer, Refused, Unreachable
from edge_agent.obstacles import Obstacle, refused, trouble
from protocols.commands import Command, Refusal, Resume, Step
from tests.edge.clocks import MIDNIGHT

COMMAND = Command(
    id="c1",
    target="HL-000001",
    action=Resume(),
    issued_at=MIDNIGHT,
    expires_at=MIDNIGHT + timedelta(minutes=1),
    who="anna",
)


@pytest.mark.parametrize(
    ("error", "refusal", "detail"),
    [
        (Unreachable("cannot connect to 127.0.0.1:502"), Refusal.NO_CONNECTION, None),
        (NoAnswer("no answer within 1 s"), Refusal.NO_ANSWER, None),
        (NoAnswer("the gateway got no answer from it", 0x0B), Refusal.NO_ANSWER, "Modbus 0x0B"),
        (Garbled("2 registers instead of 3"), Refusal.GARBLED, None),
        (Refused(2), Refusal.DEVICE_REFUSED, "Modbus 0x02"),
    ],
)
def test_what_a_bus_says_has_its_word(error: LinkError, refusal: Refusal, detail: str | None) -> None:
    answer = refused(COMMAND, trouble(error), MIDNIGHT)
    assert (answer.step, answer.refusal, answer.detail) == (Step.REFUSED, refusal, detail)


def test_no_error_of_a_link_is_without_its_word() -> None:
    assert {trouble(kind.__new__(kind)).refusal for kind in LinkError.__subclasses__()} <= set(Refusal)


@pytest.mark.parametrize("refusal", [Refusal.CAME_TOO_LATE, Refusal.SLEPT_THROUGH])
def test_what_came_too_late_expires_and_does_not_fail(refusal: Refusal) -> None:
    assert refused(COMMAND, Obstacle(refusal), MIDNIGHT).step is Step.TOO_LATE


def test_the_log_of_the_edge_has_the_whole_story() -> None:
    assert str(trouble(Refused(4))) == "device_refused (device refused: device failure)"
