"""A secret that cannot be read ends a connection, never the edge: its lamps need none."""

from pathlib import Path

import pytest

from edge_agent import secret_files
from edge_agent.mqtt_client import client
from edge_agent.mqtt_config import Broker


def test_a_secret_is_what_stands_in_its_file_less_the_end_of_the_line(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hush\n")
    assert secret_files.read(tmp_path / "password") == "hush"


async def test_a_password_that_is_no_text_is_told_like_a_broker_that_is_away(tmp_path: Path) -> None:
    (tmp_path / "password").write_bytes(b"\xff\xfe")
    broker = Broker(host="127.0.0.1", username="HL-E01", password_file=tmp_path / "password")
    with pytest.raises(OSError, match="is not UTF-8; write the secret anew"):
        client(broker, "HL-E01", 10)
