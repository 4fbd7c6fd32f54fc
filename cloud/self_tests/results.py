"""How self-tests ended, from the orders that they were."""

from datetime import datetime
from typing import Any

from cloud.commands.order import Order
from protocols.commands import SelfTest, State, TestPoint
from protocols.inventory import LuminaireType
from rules.self_test import Judged, judge


def has_ended(before: Order, after: Order) -> bool:
    """True when this step was the last of a self-test; its edge may say later how it really ended."""
    return isinstance(after.command.action, SelfTest) and not after.is_open and after is not before


def row_of(order: Order, points: tuple[TestPoint, ...] | None, kind: LuminaireType, now: datetime) -> dict[str, Any]:
    """A row of the table."""
    row = {"lamp": order.command.target, "edge": order.edge, "tested_at": now, "command": order.command.id}
    if order.state is not State.CONFIRMED or points is None:
        return {**row, "result": "not_done", "why": str(order.refusal or order.state), "points": []}
    verdict = judge(points, kind)
    why = str(verdict.why) if verdict.why else None
    return {**row, "result": verdict.result, "why": why, "points": [_point(one) for one in verdict.points]}


def _point(one: Judged) -> dict[str, Any]:
    return {
        "level": one.level,
        "actual_level": one.actual_level,
        "power": one.power,
        "expected": one.expected,
        "is_good": one.is_good,
    }
