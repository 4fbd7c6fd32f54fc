"""What is laid out once, to be copied for each test."""

from collections.abc import Iterator

import pytest

from tests.docker.deployments import Deployment, laid_out


@pytest.fixture(scope="session")
def pattern() -> Iterator[Deployment]:
    """A deployment of a city with two edges, over which nothing runs."""
    with laid_out() as deployment:
        yield deployment
