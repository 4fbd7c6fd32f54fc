"""`haidang deploy init`: every secret is made here, and running it again loses nothing."""

import hashlib
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from cloud.settings import load_settings
from edge_agent.config import load_config
from haidang.cli import app
from haidang.deploy import certificates
from haidang.deploy.certificates import NoCertificate, Pair, authority, issue
from haidang.deploy.city import city_of
from haidang.deploy.layout import Wish, lay_out
from tests.cloud.cities import small_city
from tests.docker.deployments import compose, copied, small_deployed
from tests.system.town import CITY

INIT = ["deploy", "init"]


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [*INIT, *map(str, arguments)])


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def said(certificate: Path) -> str:
    command = ["openssl", "x509", "-in", str(certificate), "-noout", "-text"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A deployment of a city with two edges, to be copied."""
    folder = tmp_path_factory.mktemp("laid") / "city"
    lay_out(Wish(folder, "den.halong.example", small_deployed()))
    return folder


@pytest.fixture
def folder(laid: Path, tmp_path: Path) -> Path:
    """A deployment of a test's own."""
    copied(laid, tmp_path / "city")
    return tmp_path / "city"


def test_everything_is_for_its_owner_only(folder: Path) -> None:
    open_to_others = [path for path in (folder, *folder.rglob("*")) if stat.S_IMODE(path.stat().st_mode) & 0o077]
    assert open_to_others == []


def test_no_two_deployments_share_a_secret(folder: Path, tmp_path: Path) -> None:
    lay_out(Wish(tmp_path / "other", "den.halong.example", small_deployed()))
    secret = re.compile(r"(password|token|database_url|\.key)$")
    ours = {content for path, content in contents(folder).items() if secret.search(path.name)}
    theirs = {content for path, content in contents(tmp_path / "other").items() if secret.search(path.name)}
    assert len(ours) == 4 + 2 + 8  # two passwords, a token, an address with one; two edges' tokens; eight keys
    assert ours & theirs == set()


def test_once_more_changes_nothing(folder: Path) -> None:
    before = contents(folder)
    assert lay_out(Wish(folder, "den.halong.example", small_deployed())) == []
    assert contents(folder) == before


def test_another_name_needs_other_certificates_for_those_who_are_reached_by_it(folder: Path) -> None:
    fresh = lay_out(Wish(folder, "light.example", small_deployed()))
    assert fresh == ["broker/broker", "console/console"]
    assert "DNS:light.example" in said(folder / "console" / "console.crt")


def test_a_console_s_certificate_of_another_authority_is_left_alone(folder: Path, tmp_path: Path) -> None:
    bought, console = Pair.in_folder(tmp_path, "bought"), Pair.in_folder(folder / "console", "console")
    (tmp_path / "public").mkdir()
    issue(authority(tmp_path / "public", "of everybody"), bought, "den.halong.example", ["den.halong.example"])
    shutil.copyfile(bought.certificate, console.certificate)
    shutil.copyfile(bought.key, console.key)
    assert lay_out(Wish(folder, "den.halong.example", small_deployed())) == []
    assert console.certificate.read_bytes() == bought.certificate.read_bytes()


def test_an_authority_that_was_taken_to_the_safe_is_asked_for_and_not_made_anew(folder: Path) -> None:
    (folder / "ca").rename(folder.parent / "safe")
    before = contents(folder)
    with pytest.raises(NoCertificate, match=r"bring it back"):
        lay_out(Wish(folder, "den.halong.example", small_deployed()))
    assert {path: content for path, content in contents(folder).items() if path.suffix in (".crt", ".key")} == {
        path: content for path, content in before.items() if path.suffix in (".crt", ".key")
    }


def test_what_was_written_before_the_authority_was_missed_is_its_owner_s(folder: Path) -> None:
    (folder / "ca" / "ca.key").rename(folder.parent / "safe")
    (folder / "cloud" / "edge_tokens").unlink()
    with pytest.raises(NoCertificate):
        lay_out(Wish(folder, "light.example", small_deployed()))
    assert (folder / "cloud" / "edge_tokens").exists()
    assert {path.stat().st_uid for path in folder.rglob("*")} == {folder.stat().st_uid}


def test_a_new_edge_gets_its_own_and_the_others_keep_theirs(folder: Path) -> None:
    before = contents(folder / "edges")
    city = small_city().model_copy(update={"edges": ("HL-E01", "HL-E02", "HL-E03")})
    grown = small_deployed().__class__(city, city.model_dump_json().encode(), None)
    assert lay_out(Wish(folder, "den.halong.example", grown)) == ["edges/HL-E03/HL-E03"]
    assert before.items() <= contents(folder / "edges").items()
    assert "user HL-E03" in (folder / "broker" / "acl").read_text()


def test_what_people_added_to_the_cloud_s_settings_stays(folder: Path) -> None:
    file = folder / "cloud" / "cloud.yaml"
    file.write_text(file.read_text() + "mail: {host: mail, sender: den@halong.example}\n")
    before = file.read_text()
    lay_out(Wish(folder, "light.example", small_deployed()))
    assert file.read_text() == before


def test_the_cloud_understands_what_it_is_told(folder: Path) -> None:
    (folder / "cloud" / "influxdb" / "token").write_text("made by the first start of InfluxDB")
    settings = load_settings(folder / "cloud" / "cloud.yaml", environ={})
    password = (folder / "postgresql" / "password").read_text()
    assert settings.database == f"postgresql+asyncpg://haidang:{password}@postgresql:5432/haidang"
    assert (settings.broker.host, settings.broker.port, settings.broker.password_file) == ("broker", 8883, None)
    assert settings.console == "https://den.halong.example"


def test_the_parts_are_told_of_each_other_by_the_names_that_compose_gives_them(folder: Path) -> None:
    told = compose()
    settings = yaml.safe_load((folder / "cloud" / "cloud.yaml").read_text())
    front = dict(line.split("=") for line in (folder / ".env").read_text().split())["HAIDANG_FRONT"]
    proxy = told["services"]["console"]["networks"]["front"]["ipv4_address"]
    assert settings["proxies"] == [proxy.replace("${HAIDANG_FRONT:-172.30.250}", front)]
    assert {settings["broker"]["host"], "postgresql", "influxdb", "cloud"} <= told["services"].keys()
    of_edge = set(told["services"]["edge"]["networks"])
    assert all(of_edge & set(told["services"][name]["networks"]) for name in ("broker", "console"))
    assert settings["telemetry"]["bucket"] == told["services"]["influxdb"]["environment"]["DOCKER_INFLUXDB_INIT_BUCKET"]


def test_what_compose_mounts_is_there(folder: Path) -> None:
    text = yaml.safe_dump(compose()).replace("${HAIDANG_DEMO_EDGE:-HL-E01}", "HL-E01")
    mounted = set(re.findall(r"\$\{HAIDANG_DIR:\?\}(/\S+)", text))
    assert len(mounted) >= 15
    assert [path for path in mounted if not (folder / path.lstrip("/")).exists()] == []


def test_a_volume_inside_a_folder_that_is_mounted_finds_its_place(folder: Path) -> None:
    mounts = [mount for said in compose()["services"].values() for mount in said.get("volumes", [])]
    inside = [mount["target"] for mount in mounts if mount["type"] == "volume" and mount["target"].startswith("/srv/")]
    places = {"/srv/edge/data": "edges/HL-E01/data"}
    assert len(inside) == 5
    assert all((folder / places.get(target, target.removeprefix("/srv/"))).is_dir() for target in inside)
    assert (folder / "console" / "run").is_dir()


def test_the_demo_s_edge_understands_what_it_is_told(tmp_path: Path) -> None:
    lay_out(Wish(tmp_path, "localhost", city_of(None, None, CITY, 12)))
    config = load_config(tmp_path / "edges" / "HL-E01" / "edge.yaml")
    assert (config.broker.host, config.broker.port, config.broker.password_file) == ("broker", 8883, None)
    assert config.cloud is not None
    assert config.cloud.url == "https://console:8443"
    assert config.data == tmp_path / "edges" / "HL-E01" / "data" / "HL-E01.sqlite"


def test_an_edge_is_told_where_its_documents_are_and_shows_a_token_that_the_cloud_knows(folder: Path) -> None:
    centre = yaml.safe_load((folder / "edges" / "HL-E01" / "centre.yaml").read_text())
    assert centre["broker"]["host"] == "den.halong.example"
    assert centre["cloud"]["url"] == "https://den.halong.example"
    token = (folder / "edges" / "HL-E01" / centre["cloud"]["token_file"]).read_text()
    settings = yaml.safe_load((folder / "cloud" / "cloud.yaml").read_text())
    told = (folder / "cloud" / settings["edge_tokens"]).read_text().split()
    assert told[0] == f"HL-E01:{hashlib.sha256(token.encode()).hexdigest()}"
    assert [line.partition(":")[0] for line in told] == ["HL-E01", "HL-E02"]


def test_the_cloud_does_not_get_the_token_that_may_everything(folder: Path) -> None:
    mighty = (folder / "influxdb" / "token").read_bytes()
    assert [path for path, content in contents(folder / "cloud").items() if mighty in content] == []


INFLUX = """\
#!/bin/sh
echo "$*" >> "$SAID"
case "$1 $2" in
  "bucket list") printf '%016x\\t%s\\n' "${#6}" "$6" ;;
  "auth create") printf '{\\n\\t"id": "0a1b",\\n\\t"token": "a-_Z9==",\\n\\t"userID": "2"\\n}\\n' ;;
esac
"""  # answers as influx-cli 2.7 prints; the real one needs an InfluxDB 2.7


def test_the_cloud_s_token_reads_and_writes_its_buckets_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "influx").write_text(INFLUX)
    (tmp_path / "influx").chmod(0o700)
    environ = {"PATH": f"{tmp_path}:{os.defpath}", "SAID": str(tmp_path / "said"), "HAIDANG_FOR_CLOUD": str(tmp_path)}
    subprocess.run([folder / "influxdb" / "token.sh"], env=environ, check=True)
    assert (tmp_path / "token").read_text() == "a-_Z9==\n"
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600
    created = (tmp_path / "said").read_text().splitlines()[-1]
    rights = created.removeprefix("auth create --org haidang --user haidang --description cloud --json ")
    ids = [f"{len(name):016x}" for name in ("haidang", "haidang_5m", "haidang_hours")]
    assert rights == " ".join(f"--read-bucket {one} --write-bucket {one}" for one in ids)


def test_without_a_token_from_influxdb_the_first_start_fails(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "influx").write_text("#!/bin/sh\n")
    (tmp_path / "influx").chmod(0o700)
    environ = {"PATH": f"{tmp_path}:{os.defpath}", "HAIDANG_FOR_CLOUD": str(tmp_path)}
    assert subprocess.run([folder / "influxdb" / "token.sh"], env=environ, check=False).returncode != 0
    assert not (tmp_path / "token").exists()


def test_a_certificate_near_its_end_is_renewed_with_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of, edge = authority(tmp_path, "halong"), Pair.in_folder(tmp_path, "HL-E01")
    assert issue(of, edge, "HL-E01")
    key, first = edge.key.read_bytes(), edge.certificate.read_bytes()
    assert not issue(of, edge, "HL-E01")
    monkeypatch.setattr(certificates, "RENEW_DAYS", certificates.DAYS + 1)
    assert issue(of, edge, "HL-E01")
    assert edge.key.read_bytes() == key
    assert edge.certificate.read_bytes() != first


def test_a_client_s_certificate_is_no_server_s_and_neither_is_an_authority(folder: Path) -> None:
    server, client = said(folder / "broker" / "broker.crt"), said(folder / "edges" / "HL-E01" / "HL-E01.crt")
    assert "TLS Web Server Authentication" in server
    assert "TLS Web Client Authentication" not in server
    assert "TLS Web Client Authentication" in client
    assert "TLS Web Server Authentication" not in client
    assert "CA:FALSE" in server
    assert "CA:FALSE" in client
    assert "CA:TRUE, pathlen:0" in said(folder / "ca" / "ca.crt")


def test_without_openssl_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoCertificate, match="apt install openssl"):
        authority(tmp_path, "halong")


def test_the_command_says_what_is_new_and_what_comes_next(tmp_path: Path) -> None:
    inventory = tmp_path / "inventory.json"
    inventory.write_text(small_city().model_dump_json())
    done = run(tmp_path / "city", "--host", "den.halong.example", "--inventory", inventory)
    assert done.exit_code == 0, done.output
    assert "new certificate: edges/HL-E02/HL-E02\n" in done.output
    assert f"docker compose --env-file {tmp_path / 'city'}/.env -f docker/compose.yaml up" in done.output


@pytest.mark.parametrize("host", ["", "a b", "x; }", "-x", "x\nlisten 1;", "https://x"])
def test_a_host_that_is_none_is_refused(tmp_path: Path, host: str) -> None:
    assert run(tmp_path / "city", "--host", host, "--demo", CITY).exit_code == 2
    assert not (tmp_path / "city").exists()


def test_without_a_city_or_with_two_it_is_refused(tmp_path: Path) -> None:
    for arguments in ([], ["--demo", CITY, "--inventory", CITY]):
        done = run(tmp_path / "city", "--host", "x", *arguments)
        assert done.exit_code == 2
        assert "either --inventory FILE or --demo FILE" in done.output


@pytest.mark.parametrize("name", ["cloud", "monitor", "health"])
def test_an_edge_cannot_take_the_cloud_s_name_and_with_it_its_rights(tmp_path: Path, name: str) -> None:
    city = small_city().model_copy(update={"edges": ("HL-E01", "HL-E02", name)})
    inventory = tmp_path / "inventory.json"
    inventory.write_text(city.model_dump_json())
    done = run(tmp_path / "city", "--host", "x", "--inventory", inventory)
    assert done.exit_code == 2
    assert f"an edge cannot be called {name}" in done.output


def test_a_city_that_has_no_edge_yet_gets_its_control_centre(tmp_path: Path) -> None:
    inventory = tmp_path / "inventory.json"
    nothing = dict.fromkeys(("edges", "cabinets", "luminaires", "meters", "stations", "cameras", "groups"), ())
    inventory.write_text(small_city().model_copy(update=nothing).model_dump_json())
    done = run(tmp_path / "city", "--host", "den.halong.example", "--inventory", inventory)
    assert done.exit_code == 0, done.output
    assert "HAIDANG_DEMO_EDGE" not in (tmp_path / "city" / ".env").read_text()


def test_an_inventory_that_is_wrong_is_answered_with_its_place(tmp_path: Path) -> None:
    inventory = tmp_path / "inventory.json"
    inventory.write_text('{"site": "halong"}')
    done = run(tmp_path / "city", "--host", "x", "--inventory", inventory)
    assert done.exit_code == 2
    assert "inventory.json:1: name: " in done.output
