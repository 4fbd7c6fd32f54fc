"""Laying out the demo city: once, and again when something that it comes from has changed."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from cloud.settings import load_settings
from cloud.telemetry.settings import InfluxDb
from haidang.demo import up
from haidang.demo.up import Ports, Wish
from protocols.config import ConfigError
from tests.system.town import downtown

PORTS = Ports(http=18080, broker_host="127.0.0.1", broker=11883, mail=12525, modbus=15020, camera=18554)


def wish(data: Path) -> Wish:
    (city := data / "city.yaml").write_text(downtown(), "utf-8")
    return Wish(city, data, 3, 1.0, None, 18080, None, None)


def test_the_same_city_is_not_grown_twice(tmp_path: Path) -> None:
    up._export(wish(tmp_path), PORTS)
    (tmp_path / "inventory.json").write_text("as it was")
    up._export(wish(tmp_path), PORTS)
    assert (tmp_path / "inventory.json").read_text() == "as it was"


INFLUXDB = "telemetry: {engine: influxdb, url: 'http://127.0.0.1:8086', bucket: city/raw, token_file: token}"


def test_the_demo_may_be_told_where_its_samples_go(tmp_path: Path) -> None:
    elsewhere = tmp_path / "influxdb"
    elsewhere.mkdir()
    (elsewhere / "token").write_text("secret")
    (elsewhere / "cloud.yaml").write_text(INFLUXDB)
    told = {"site": "halong", **up.telemetry_settings(elsewhere / "cloud.yaml")}
    (tmp_path / "cloud.yaml").write_text(yaml.safe_dump(told))
    telemetry = load_settings(tmp_path / "cloud.yaml", environ={}).telemetry
    assert isinstance(telemetry, InfluxDb)
    assert (telemetry.bucket, telemetry.token_file) == ("city/raw", elsewhere / "token")


def test_a_mistake_about_where_the_samples_go_is_named(tmp_path: Path) -> None:
    (tmp_path / "cloud.yaml").write_text(INFLUXDB.replace("url:", "adress:"))
    with pytest.raises(ConfigError, match=r"cloud.yaml:1: telemetry.adress: unknown key"):
        up.telemetry_settings(tmp_path / "cloud.yaml")


def test_another_size_or_another_port_is_laid_out_anew(tmp_path: Path) -> None:
    up._export(wish(tmp_path), PORTS)
    edge = tmp_path / "edges" / "HL-E01.yaml"
    before = edge.read_text()
    up._export(wish(tmp_path), replace(PORTS, broker=11884))
    assert "port: 11884" in edge.read_text()
    up._export(replace(wish(tmp_path), lamps=4), PORTS)
    assert edge.read_text().count("HL-0000") == before.count("HL-0000") + 1
