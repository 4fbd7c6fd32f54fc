"""Laying out the demo city: once, and again when something that it comes from has changed."""

from dataclasses import replace
from pathlib import Path

from haidang.demo import up
from haidang.demo.up import Ports, Wish
from tests.system.town import CITY

PORTS = Ports(http=18080, broker_host="127.0.0.1", broker=11883, mail=12525, modbus=15020, camera=18554)


def wish(data: Path) -> Wish:
    return Wish(CITY, data, 3, 1.0, None, 18080, None, None)


def test_the_same_city_is_not_grown_twice(tmp_path: Path) -> None:
    up._export(wish(tmp_path), PORTS)
    (tmp_path / "inventory.json").write_text("as it was")
    up._export(wish(tmp_path), PORTS)
    assert (tmp_path / "inventory.json").read_text() == "as it was"


def test_another_size_or_another_port_is_laid_out_anew(tmp_path: Path) -> None:
    up._export(wish(tmp_path), PORTS)
    edge = tmp_path / "edges" / "HL-E01.yaml"
    before = edge.read_text()
    up._export(wish(tmp_path), replace(PORTS, broker=11884))
    assert "port: 11884" in edge.read_text()
    up._export(replace(wish(tmp_path), lamps=4), PORTS)
    assert edge.read_text().count("HL-0000") == before.count("HL-0000") + 1
