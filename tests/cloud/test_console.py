"""How the built console is served."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cloud.settings import Settings
from protocols.clock import DomainClock
from tests.cloud.serving import Service, serving


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A console as the build leaves it."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>console</title>")
    (folder / "assets" / "index-5f3a.js").write_text("'use strict'")
    return folder


@pytest.fixture
async def console(settings: Settings, clock: DomainClock, dist: Path) -> AsyncIterator[Service]:
    """A service with a console."""
    async with serving(settings, clock, dist=dist) as running:
        yield running


@pytest.mark.parametrize("path", ["/", "/lamps/HL-000001", "/index.html"])
async def test_every_view_is_the_first_page_and_never_cached(console: Service, path: str) -> None:
    async with console.anonymous() as client:
        answered = await client.get(path)
    assert answered.status_code == 200
    assert "console" in answered.text
    assert answered.headers["cache-control"] == "no-cache"


async def test_hashed_files_are_kept_for_ever(console: Service) -> None:
    async with console.anonymous() as client:
        answered = await client.get("/assets/index-5f3a.js")
    assert "immutable" in answered.headers["cache-control"]
    assert answered.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("path", ["/assets/gone-0000.js", "/api/v1/nothing", "/api"])
async def test_what_is_not_there_is_not_the_first_page(console: Service, path: str) -> None:
    async with console.anonymous() as client:
        answered = await client.get(path)
    assert (answered.status_code, answered.json()["detail"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["/%2e%2e/registry.sqlite", "/assets/%2e%2e/%2e%2e/registry.sqlite", "/..%2fx"])
async def test_nothing_outside_the_console_is_served(console: Service, path: str) -> None:
    async with console.anonymous() as client:
        assert not (await client.get(path)).content.startswith(b"SQLite")


@pytest.mark.parametrize("path", ["/%00", f"/{'a' * 300}", f"/{'a/' * 3000}", "/%ff"])
async def test_what_can_be_no_file_is_the_first_page(console: Service, path: str) -> None:
    async with console.anonymous() as client:
        answered = await client.get(path)
    assert (answered.status_code, "console" in answered.text) == (200, True)


@pytest.mark.parametrize("path", ["/", "/api/v1/health", "/api/v1/session"])
async def test_every_answer_carries_the_strict_policy(console: Service, path: str) -> None:
    async with console.anonymous() as client:
        headers = (await client.get(path)).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; worker-src 'self'")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


async def test_a_console_that_is_not_built_says_so(settings: Settings, clock: DomainClock, tmp_path: Path) -> None:
    async with serving(settings, clock, dist=tmp_path / "none") as running, running.anonymous() as client:
        answered = await client.get("/")
    assert answered.status_code == 503
    assert "has not been built" in answered.text
