"""A planner changes how an edge reports and polls from the console's API; the edge takes it, or says why not. What the
two keep is nobody else's business.
"""

import stat

import pytest

from tests.system.api import logged_in, when_all_have_reported
from tests.system.conftest import MakeTown
from tests.waiting import until_async

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


async def test_settings_reach_the_edge_and_a_wrong_one_comes_back_with_its_reason(make_town: MakeTown) -> None:
    town = make_town()
    (edge,) = town.edges
    await town.start_all()
    async with logged_in(town) as client:
        await when_all_have_reported(client)

        async def put(text: str) -> None:
            answer = await client.put(f"/api/v1/edges/{edge}/documents/settings", json={"text": text})
            assert answer.status_code == 200, answer.text

        async def state() -> tuple[str, str | None]:
            [document] = (await client.get(f"/api/v1/edges/{edge}/documents")).json()
            return document["state"], document["reason"]

        async def becomes(wanted: str) -> str | None:
            async def look() -> tuple[str, str | None] | None:
                found = await state()
                return found if found[0] == wanted else None

            return (await until_async(look))[1]

        bus = town.city.cabinets[0].id
        await put(f"poll_every: {{{bus}: 3s}}\n")
        assert await becomes("held") is None
        await put("poll_every: {NOWHERE: 3s}\n")
        reason = await becomes("refused")
        assert reason is not None
        assert reason.startswith("settings:1: poll_every.NOWHERE: there is no such bus")
        await put(f"poll_every: {{{bus}: 2s}}\n")
        await becomes("held")
    log = town.log_of(edge)
    assert log.count("is in force") == 2
    assert "damaged" not in log
    kept = [file for name in ("*.sqlite", "*.duckdb", "edges/*.sqlite") for file in town.folder.glob(name)]
    assert {file.stem for file in kept} >= {"registry", "inbox", "telemetry", edge}
    assert not [file.name for file in kept if stat.S_IMODE(file.stat().st_mode) & 0o077]
