"""What a machine lacks: the tests that need it are skipped, and say so."""

import gc
import os
import random
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import hypothesis
import pytest

from haidang.demo import ports
from haidang.demo.broker import mosquitto
from tests import influxdb, nginx, postgresql

_NEEDED = {
    "mosquitto": mosquitto,
    "postgresql": postgresql.programs,
    "influxdb": influxdb.programs,
    "nginx": nginx.program,
}

_MEMORY = Path("/dev/shm")  # noqa: S108 - where Linux keeps files in memory
_ROOM = 4 << 30  # bytes; a run writes less than one

# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("ours", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("ours")


def pytest_report_header() -> str:
    """What made-up requests come from (tests/cloud/test_any_request.py)."""
    return f"HAIDANG_SEED={os.environ['HAIDANG_SEED']}"


def pytest_configure(config: pytest.Config) -> None:
    """Workers that run side by side take their ports from different parts, and make up requests from one number."""
    gc.disable()  # until everything is collected: it would look through all that was imported, again and again
    os.environ.setdefault("HAIDANG_SEED", str(random.randrange(1 << 32)))
    _write_to_memory()
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        count, index = worker["workercount"], int(worker["workerid"].removeprefix("gw"))
        width = len(ports.span) // count
        ports.span = range(ports.span.start + index * width, ports.span.start + (index + 1) * width)


def pytest_collection_finish() -> None:
    """Modules and tests stay until the end: only what a test makes is garbage."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    gc.enable()


def _write_to_memory() -> None:
    """What tests write need not survive a power cut: where there is room for it, each sync costs nothing."""
    if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))
        os.environ.setdefault("TMPDIR", str(_MEMORY))  # of the servers and of what hypothesis starts again and again
        tempfile.tempdir = None  # which pytest has asked for already


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What the machine lacks is skipped; what takes longest comes first."""
    _skip_what_needs_what_is_missing(items)
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        items[:] = _dealt(items, worker["workercount"])


def _skip_what_needs_what_is_missing(items: Sequence[pytest.Item]) -> None:
    """`python3 dev.py test` installs it when it may, and with CI set that is a failure."""
    for name, find in _NEEDED.items():
        if find() is None:
            missing = pytest.mark.skip(reason=f"{name} is not on this machine: apt install {name}")
            for item in items:
                if name in item.name:
                    item.add_marker(missing)


def _dealt(items: Sequence[pytest.Item], hands: int) -> list[pytest.Item]:
    """Each worker gets one piece of the list: let it begin with its share of the towns, which mostly wait, so that no
    worker is left alone with them at the end. What needs a browser stays together: it shares one, and a town."""
    browsers = [item for item in items if item.get_closest_marker("browser")]
    towns = [[item] for item in items if item.get_closest_marker("system") and item not in browsers]
    others = [item for item in items if not (item.get_closest_marker("system") or item.get_closest_marker("browser"))]
    dealt: list[pytest.Item] = []
    for hand in range(hands):
        share = [item for together in [browsers, *towns][hand::hands] for item in together]
        size = max((len(items) - len(dealt)) // (hands - hand) - len(share), 0)
        dealt += [*share, *others[:size]]
        others = others[size:]
    return [*dealt, *others]


@pytest.fixture(scope="session")
def postgresql_cluster() -> Iterator[postgresql.Cluster]:
    """One server for all the tests of this process."""
    with postgresql.cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def influxdb_server() -> Iterator[influxdb.Server]:
    """One server for all the tests of this process."""
    with influxdb.server() as server:
        yield server


@pytest.fixture
def own_influxdb_server() -> Iterator[influxdb.Server]:
    """One that a test may stop, kill and start again."""
    with influxdb.server() as server:
        yield server
