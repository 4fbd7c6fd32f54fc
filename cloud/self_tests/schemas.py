"""Self-tests as the console asks for them and sees them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from cloud.commands.group_schemas import Targets
from cloud.self_tests.tables import SelfTestRow
from protocols.names import Words

ResultWord = Literal["passed", "failed", "not_done"]


class SelfTestIn(BaseModel):
    """Which lamps to test now. `reason` and `confirmation` as with every command to many lamps."""

    model_config = ConfigDict(extra="forbid")

    targets: Targets
    reason: Words | None = Field(default=None, max_length=500)
    confirmation: str | None = Field(default=None, max_length=200)


class TestPointOut(BaseModel):
    """A level (%), the one that the lamp said it had, its power and that of a healthy one (W); `is_good` is `None`
    where nobody measures the power."""

    level: float
    actual_level: float | None
    power: float | None
    expected: float
    is_good: bool | None


class SelfTestOut(BaseModel):
    """How the last self-test of a lamp ended. `why` is a finding, or why it was not done: a refusal or `expired`."""

    lamp: str
    street: str
    ward: str
    tested_at: datetime
    result: ResultWord
    why: str | None
    points: list[TestPointOut]


class SelfTestCountsOut(BaseModel):
    passed: int
    failed: int
    not_done: int
    never: int = Field(description="lamps that were not tested yet")


class SelfTestsOut(BaseModel):
    """A page, the newest first; `total` counts all that were found, `counts` all lamps that are seen."""

    items: list[SelfTestOut]
    total: int
    counts: SelfTestCountsOut


def test_out(row: SelfTestRow, street: str, ward: str) -> SelfTestOut:
    """A row as the console sees it."""
    return SelfTestOut.model_validate(
        {
            "lamp": row.lamp,
            "street": street,
            "ward": ward,
            "tested_at": row.tested_at,
            "result": row.result,
            "why": row.why,
            "points": row.points,
        }
    )
