"""What a machine lacks: the tests that need it are skipped, and say so."""

import pytest

from haidang.demo.broker import mosquitto


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`python3 dev.py test` installs mosquitto when it may, and with CI set a missing one is a failure."""
    if mosquitto() is None:
        missing = pytest.mark.skip(reason="mosquitto is not on this machine: apt install mosquitto")
        for item in items:
            if "mosquitto" in item.name:
                item.add_marker(missing)
