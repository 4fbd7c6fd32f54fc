"""Laying out the demo city: once, and again when something that it comes from has changed."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from cloud.settings import load_settings
from cloud.telemetry.settings import InfluxDb
from firmware_sim.city import CITIES
from haidang.cli.roles import until_told
from haidang.demo import up
from haidang.demo.accounts import accounts_of_all
from haidang.demo.up import Place, Ports, Wish
from protocols.config import ConfigError
from tests.system.town import downtown

PORTS = Ports(http=18080, broker_host="127.0.0.1", broker=11883, mail=12525)


def place(folder: Path, lamps: int = 3) -> Place:
    (city := folder / "city.yaml").write_text(downtown(), "utf-8")
    return Place(city, folder, lamps, modbus=15020, camera=18554)


async def test_a_second_demo_in_one_folder_leaves_the_files_of_the_first_alone(tmp_path: Path) -> None:
    wish = Wish((), tmp_path / "data", None, 1.0, None, 0, None, None)
    wish.data.mkdir()
    with up.alone(wish.data), pytest.raises(OSError, match=r"a city is up in .*data already; .*--data DIR"):
        await up.up(wish, Console())
    assert [file.name for file in wish.data.iterdir()] == ["demo.lock"]
    with up.alone(wish.data):
        pass


async def test_what_a_demo_writes_is_for_its_own_account_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its mails have links in them, and its edges say who commanded what."""

    def lay_out(wish: Wish) -> None:
        (wish.data / "inventory.json").write_text("{}")
        raise OSError("that is all")

    monkeypatch.setattr(up, "_lay_out", lay_out)
    before = os.umask(0o022)
    try:
        with pytest.raises(OSError, match="that is all"):
            await up.up(Wish((), tmp_path / "data", None, 1.0, None, 0, None, None), Console())
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)
    assert (tmp_path / "data" / "inventory.json").stat().st_mode & 0o077 == 0


def test_what_a_role_writes_is_for_its_own_account_only(tmp_path: Path) -> None:
    async def role() -> None:
        await asyncio.to_thread((tmp_path / "outbox").write_text, "what waits")

    until_told(role())
    assert (tmp_path / "outbox").stat().st_mode & 0o077 == 0


def test_the_same_city_is_not_grown_twice(tmp_path: Path) -> None:
    up._export(place(tmp_path), PORTS)
    (tmp_path / "inventory.json").write_text("as it was")
    up._export(place(tmp_path), PORTS)
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
    up._export(place(tmp_path), PORTS)
    edge = tmp_path / "edges" / "HL-E01.yaml"
    before = edge.read_text()
    up._export(place(tmp_path), replace(PORTS, broker=11884))
    assert "port: 11884" in edge.read_text()
    up._export(place(tmp_path, lamps=4), PORTS)
    assert edge.read_text().count("HL-0000") == before.count("HL-0000") + 1


def test_two_cities_are_laid_out_for_one_cloud_and_one_broker(tmp_path: Path) -> None:
    """Every edge has a configuration, a password and a token; the centre has one password for all cities."""
    files = place(tmp_path).file, Path(str(CITIES / "mongcai.yaml"))
    wish = Wish(files, tmp_path, 30, 1.0, None, 18080, "nats-server", None)
    ports, places, cities = up._lay_out(wish)
    children, broker = up._children(wish, ports, places, cities)
    near, far = cities.values()
    assert [(city.site, len(city.luminaires)) for city in cities.values()] == [("halong", 30), ("mongcai", 3)]
    settings = load_settings(tmp_path / "cloud.yaml", environ={})
    assert [(site.id, site.inventory) for site in settings.sites] == [
        ("halong", tmp_path / "inventory.json"),
        ("mongcai", tmp_path / "mongcai" / "inventory.json"),
    ]
    edges = (*near.edges, *far.edges)
    assert [child.name for child in children] == ["broker", "sim city", "sim mongcai", "cloud", *edges]
    known = (tmp_path / "secrets" / "edge-tokens").read_text()
    assert [line.partition(":")[0] for line in known.splitlines()] == list(edges)
    accounts = {account.user: account for account in accounts_of_all(cities, tmp_path)}
    assert {topic.split("/")[2] for topic in accounts["cloud"].reads} == {"halong", "mongcai"}
    assert {topic.split("/")[2] for topic in accounts["MC-E01"].writes} == {"mongcai"}
    assert (tmp_path / "mongcai" / "edges" / "secrets" / "MC-E01").read_text() == accounts["MC-E01"].password
    assert broker.command
