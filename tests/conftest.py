"""What a machine lacks: the tests that need it are skipped, and say so."""

from collections.abc import Iterator

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


def pytest_configure(config: pytest.Config) -> None:
    """Workers that run side by side take their ports from different parts."""
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        count, index = worker["workercount"], int(worker["workerid"].removeprefix("gw"))
        width = len(ports.span) // count
        ports.span = range(ports.span.start + index * width, ports.span.start + (index + 1) * width)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`python3 dev.py test` installs what is missing when it may, and with CI set that is a failure."""
    for name, find in _NEEDED.items():
        if find() is None:
            missing = pytest.mark.skip(reason=f"{name} is not on this machine: apt install {name}")
            for item in items:
                if name in item.name:
                    item.add_marker(missing)


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
