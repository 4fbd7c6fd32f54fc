"""Whatever is killed, cut and filled up, in whatever order: nothing that was taken is lost, nothing is there twice."""

from pathlib import Path

import pytest

from tests.system.chaos import TROUBLES, blows, chaos

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

SEED, SECONDS = 22, 12.0


async def test_after_a_short_storm_everything_is_there_once(tmp_path: Path, broker_name: str) -> None:
    result = await chaos(tmp_path, broker_name, SEED, SECONDS)
    print(f"seed {SEED}: {dict(result.blows)}, {result.batches} batches, {result.verdict.stored} values")  # noqa: T201
    assert result.verdict.stored > 0
    assert result.lost == 0
    assert result.doubled == 0
    assert result.batches == result.named


def test_the_short_storm_has_every_trouble_in_it() -> None:
    assert {blow.what for blow in blows(SEED, SECONDS)} == set(TROUBLES)


def test_a_seed_is_a_storm() -> None:
    assert blows(1, 60) == blows(1, 60) != blows(2, 60)
