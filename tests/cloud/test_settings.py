"""cloud.yaml, and the advice on a mistake in it."""

from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from cloud.settings import Site, load_settings
from cloud.telemetry.settings import DuckDb, InfluxDb
from protocols.config import ConfigError

_YAML = """
sites:
  - {id: halong, inventory: inventory.json, basemap: basemap.geojson}
  - {id: mongcai, inventory: mongcai/inventory.json, basemap: mongcai/basemap.geojson}
listen: 127.0.0.1:8080
broker: {host: 127.0.0.1, port: 1883, username: cloud, password_file: secrets/cloud}
mail: {host: 127.0.0.1, port: 2525, sender: haidang@localhost, technicians: [technician@localhost]}
admin_password_file: secrets/admin
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of the demo city."""
    path = tmp_path / "cloud.yaml"
    path.write_text(_YAML)
    return path


def test_the_demo_city_s_file_is_understood(file: Path) -> None:
    settings = load_settings(file, environ={})
    assert (settings.listen.host, settings.listen.port) == ("127.0.0.1", 8080)
    assert settings.session_lasts == timedelta(hours=12)
    assert settings.console == "http://127.0.0.1:8080"
    assert settings.mail is not None
    assert settings.mail.technicians == ("technician@localhost",)


def test_paths_are_relative_to_the_file(file: Path, tmp_path: Path) -> None:
    settings = load_settings(file, environ={})
    assert [site.id for site in settings.sites] == ["halong", "mongcai"]
    assert settings.sites[0].inventory == tmp_path / "inventory.json"
    assert settings.sites[1].basemap == tmp_path / "mongcai" / "basemap.geojson"
    assert settings.broker.password_file == tmp_path / "secrets" / "cloud"
    assert settings.database == f"sqlite+aiosqlite:///{tmp_path}/registry.sqlite"


def test_a_file_of_one_city_is_read_as_before(tmp_path: Path) -> None:
    path = tmp_path / "cloud.yaml"
    path.write_text("site: halong\ninventory: city.json\n")
    settings = load_settings(path, environ={})
    place = {"inventory": tmp_path / "city.json", "basemap": tmp_path / "basemap.geojson"}
    assert settings.sites == (Site(id="halong", **place),)
    assert settings.signer == "halong"


def test_the_data_folder_may_be_elsewhere(file: Path, tmp_path: Path) -> None:
    settings = load_settings(file, tmp_path / "elsewhere", environ={})
    assert settings.database == f"sqlite+aiosqlite:///{tmp_path}/elsewhere/registry.sqlite"
    assert settings.sites[0].inventory == tmp_path / "inventory.json"


def test_the_database_may_be_named_by_the_environment(file: Path) -> None:
    url = "postgresql+asyncpg://haidang:secret@db/haidang"
    assert load_settings(file, environ={"HAIDANG_DATABASE_URL": url}).database == url


def test_the_database_s_address_may_stand_in_a_file_of_its_own(file: Path, tmp_path: Path) -> None:
    url = "postgresql+asyncpg://haidang:secret@db/haidang"
    (tmp_path / "database").write_text(f"{url}\n")
    file.write_text(f"{_YAML}database_url_file: database\n")
    assert load_settings(file, environ={}).database == url
    elsewhere = "postgresql+asyncpg://haidang@elsewhere/haidang"
    assert load_settings(file, environ={"HAIDANG_DATABASE_URL": elsewhere}).database == elsewhere


def test_the_broker_s_certificates_are_relative_to_the_file(file: Path, tmp_path: Path) -> None:
    for name in ("ca.crt", "cloud.crt", "cloud.key"):
        (tmp_path / name).touch()
    tls = "{ca: ca.crt, certificate: cloud.crt, key: cloud.key}"
    file.write_text(f"site: halong\nbroker: {{host: broker, port: 8883, tls: {tls}}}\n")
    found = load_settings(file, environ={}).broker.tls
    assert found is not None
    assert (found.ca, found.certificate, found.key) == tuple(tmp_path / n for n in ("ca.crt", "cloud.crt", "cloud.key"))


def test_the_embedded_store_needs_no_word(file: Path) -> None:
    assert isinstance(load_settings(file, environ={}).telemetry, DuckDb)
    file.write_text(f"{_YAML}telemetry: {{retention: {{raw: 30d}}}}\n")
    telemetry = load_settings(file, environ={}).telemetry
    assert isinstance(telemetry, DuckDb)
    assert telemetry.retention.raw == timedelta(days=30)


def test_the_page_about_influxdb_names_every_setting() -> None:
    page = (Path(__file__).parents[2] / "docs" / "influxdb.md").read_text()
    example = yaml.safe_load(page.partition("```yaml\n")[2].partition("```")[0])["telemetry"]
    assert InfluxDb.model_validate(example).bucket == "city/raw"
    assert example.keys() == InfluxDb.model_fields.keys()


def test_an_influxdb_has_an_address_a_bucket_and_a_token_of_its_own(file: Path, tmp_path: Path) -> None:
    (tmp_path / "influxdb").write_text("secret")
    influxdb = "{engine: influxdb, url: 'https://influx:8086', bucket: city/raw, token_file: influxdb, org: city}"
    file.write_text(f"{_YAML}telemetry: {influxdb}\n")
    telemetry = load_settings(file, environ={}).telemetry
    assert isinstance(telemetry, InfluxDb)
    assert (telemetry.url, telemetry.bucket, telemetry.org) == ("https://influx:8086", "city/raw", "city")
    assert (telemetry.token_file, telemetry.timeout) == (tmp_path / "influxdb", timedelta(seconds=30))


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("telemetry: {engine: mongodb}", "cloud.yaml:3: telemetry: engine: there are only duckdb and influxdb; got "),
        ("telemetry: {engine: influxdb, bucket: b, token_file: t}", "cloud.yaml:3: telemetry.url: is missing"),
        (
            "telemetry: {engine: influxdb, url: influx, bucket: b, token_file: t}",
            "cloud.yaml:3: telemetry.url: not the address of a server; write http://HOST:8086 or https://HOST",
        ),
        ("telemetry: {engine: influxdb, url: 'http://a', bucket: 'a b', token_file: t}", "3: telemetry.bucket: "),
        ("telemetry: {engine: influxdb, url: 'http://a', bucket: b, token_file: t}", "3: telemetry.token_file: "),
        (
            "telemetry: {engine: influxdb, url: 'http://a', bucket: b, token_file: t, retention: {}}",
            "3: telemetry.retention: does not belong here",
        ),
        ("telemetry: {bucket: b}", "cloud.yaml:3: telemetry.bucket: does not belong here"),
        ("telemetry: {engine: influxdb, buckt: b}", "3: telemetry.buckt: unknown key; did you mean `bucket`?"),
        ("listen: 8080", "cloud.yaml:3: listen: "),
        ("listen: localhost", "'localhost' is not an address; write a host and a port, as in 127.0.0.1:8080"),
        ("lisen: 127.0.0.1:8080", "cloud.yaml:3: lisen: unknown key; did you mean `listen`?"),
        ("session_lasts: 12", "12 is not a span of time"),
        ("broker: {port: 0}", "broker.port"),
        ("broker: {tls: {ca: ca.crt}}", "cloud.yaml:3: broker.tls.ca: "),
        ("broker: {tls: {ca: ca.crt, key: a.key}}", "broker.tls: certificate and key go together; give both or none"),
        ("database_url_file: nowhere", "cloud.yaml:3: database_url_file: "),
        ("proxies: [everybody]", "cloud.yaml:3: proxies[0]: "),
        ("sites: [{id: mongcai}]", "give `sites`, a list with an `id` for each, and not `site` beside it"),
        ("live_every: 200ms", "cloud.yaml:3: live_every: 0.2s is too short; give 1s or more"),
    ],
)
def test_a_mistake_is_answered_like_a_colleague_would(tmp_path: Path, line: str, advice: str) -> None:
    path = tmp_path / "cloud.yaml"
    path.write_text(f"\nsite: halong\n{line}\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(path, environ={})
    assert advice in str(caught.value)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("listen: 127.0.0.1:1\n", "cloud.yaml:1: sites: is missing"),
        ("sites: []\n", "cloud.yaml:1: sites: "),
        ("sites: [{id: halong}, {id: halong}]\n", "sites: halong stands twice; every id names one site"),
        (
            "sites:\n  - {id: halong, inventroy: a.json}\n",
            "2: sites[0].inventroy: unknown key; did you mean `inventory`?",
        ),
        ("sites:\n  - {id: ha long}\n", "cloud.yaml:2: sites[0].id: "),
    ],
)
def test_cities_are_a_list_with_an_id_for_each(tmp_path: Path, text: str, advice: str) -> None:
    path = tmp_path / "cloud.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_settings(path, environ={})
    assert advice in str(caught.value)


def test_a_wrong_database_is_refused_without_saying_its_password(file: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(file, environ={"HAIDANG_DATABASE_URL": "mysql://haidang:secret@db/haidang"})
    assert "mysql is not one of" in str(caught.value)
    assert "secret" not in str(caught.value)
