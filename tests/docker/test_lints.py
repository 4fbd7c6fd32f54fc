"""What can be said of docker/ without an engine: it is well formed, pinned, and gives nobody more than it must."""

import re
import shutil
from pathlib import Path

import pytest

import dev
from tests.docker.deployments import compose

SERVICES = sorted(compose()["services"])


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """docker/, to be spoilt."""
    return Path(shutil.copytree(dev.DOCKER, tmp_path / "docker"))


def spoil(file: Path, right: str, wrong: str) -> None:
    text = file.read_text()
    assert right in text
    file.write_text(text.replace(right, wrong, 1))


def test_nothing_is_found_in_docker() -> None:
    assert dev.container_problems(dev.DOCKER) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("    healthcheck:", "    healthcheks:"),
        ("      interval: 60s", "      intervall: 60s"),
        ("    mem_limit: 512m", "    memlimit: 512m"),
        ("condition: service_healthy", "condition: service_well"),
        ("networks: [middle, outside]", "networks: [middle, outsid]"),
        ("secrets: [postgresql_password]", "secrets: [no_such_secret]"),
        ("    volumes:\n", "    volumes\n"),
    ],
)
def test_a_wrong_key_in_compose_fails_the_check(copy: Path, right: str, wrong: str) -> None:
    spoil(copy / "compose.yaml", right, wrong)
    assert any(problem.startswith("docker-compose: ") for problem in dev.container_problems(copy, ["docker-compose"]))


def test_a_wrong_key_in_compose_is_found_by_its_schema_too(copy: Path) -> None:
    spoil(copy / "compose.yaml", "    healthcheck:", "    healthcheks:")
    assert any(
        "'healthcheks' was unexpected" in problem for problem in dev.container_problems(copy, ["check-jsonschema"])
    )


def test_a_careless_dockerfile_fails_the_check(copy: Path) -> None:
    spoil(copy / "Dockerfile", "node:22.14.0-bookworm-slim", "node")
    assert any("DL3006" in problem for problem in dev.container_problems(copy, ["hadolint"]))


@pytest.mark.parametrize("service", SERVICES)
def test_no_container_may_more_than_it_must(service: str) -> None:
    said = compose()["services"][service]
    assert said["user"].startswith("${HAIDANG_USER:?")
    assert said["cap_drop"] == ["ALL"]
    assert said["security_opt"] == ["no-new-privileges:true"]
    assert said["restart"] == "unless-stopped"
    assert not {"privileged", "cap_add", "devices", "pid", "ipc", "env_file"} & said.keys()
    assert {"mem_limit", "cpus", "pids_limit"} <= said.keys()
    assert said["read_only"] or service == "influxdb"


@pytest.mark.parametrize("service", SERVICES)
def test_every_container_says_whether_it_is_well(service: str) -> None:
    said = compose()["services"][service]
    target = said.get("build", {}).get("target")
    stages = (dev.DOCKER / "Dockerfile").read_text().split("\nFROM ")
    image = next((stage for stage in stages if stage.startswith(f"python AS {target}\n")), "")
    assert "healthcheck" in said or "\nHEALTHCHECK " in image


def test_no_secret_stands_in_an_environment_or_an_image() -> None:
    secret = re.compile(r"PASSWORD|TOKEN|SECRET")
    told = [
        (name, str(value)) for s in SERVICES for name, value in compose()["services"][s].get("environment", {}).items()
    ]
    assert all(value.startswith("/run/secrets/") for name, value in told if secret.search(name))
    assert not secret.search((dev.DOCKER / "Dockerfile").read_text())


def test_every_image_has_a_version() -> None:
    theirs = [said["image"] for said in compose()["services"].values() if "build" not in said]
    bases = re.findall(r"^FROM ([\w./-]+:\S+)", (dev.DOCKER / "Dockerfile").read_text(), re.MULTILINE)
    assert len(theirs) == 4
    assert len(bases) == 2
    assert all(re.search(r":\d+\.\d+\.?\d*", image) for image in [*theirs, *bases])


def test_only_people_and_edges_come_in_from_outside() -> None:
    published = {name: len(said["ports"]) for name, said in compose()["services"].items() if "ports" in said}
    assert published == {"broker": 2, "console": 2}
    assert compose()["networks"]["middle"]["internal"]


@pytest.mark.parametrize("image", sorted(dev.IMAGES))
def test_an_image_gets_the_versions_that_were_tested(image: str) -> None:
    pinned = re.compile(r"^\S+==\S+", re.MULTILINE)
    of_image = pinned.findall((dev.DOCKER / f"{image}.lock").read_text())
    assert of_image
    assert set(of_image) <= set(pinned.findall(dev.LOCK.read_text()))


def test_nothing_but_sources_goes_to_the_builder() -> None:
    lines = (dev.ROOT / ".dockerignore").read_text().split()
    assert lines[lines.index("*")] == "*"
    assert {"cloud/web/dist", "cloud/web/node_modules"} <= set(lines)
    assert not {"!data", "!.git", "!tests"} & set(lines)
