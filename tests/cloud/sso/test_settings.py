"""`sign_on:` in cloud.yaml, and the advice on a mistake in it."""

from pathlib import Path

import pytest
import yaml

from cloud.settings import load_settings
from protocols.config import ConfigError

PROVINCE: dict[str, object] = {
    "id": "province",
    "name": {"vi": "Tài khoản tỉnh", "en": "Province account"},
    "issuer": "https://login.example/realms/city",
    "client_id": "haidang",
    "client_secret_file": "secrets/province",
}


def _file(folder: Path, *providers: dict[str, object]) -> Path:
    (folder / "secrets").mkdir(exist_ok=True)
    (folder / "secrets" / "province").write_text("a secret\n")
    path = folder / "cloud.yaml"
    path.write_text(yaml.safe_dump({"site": "halong", "sign_on": list(providers)}, allow_unicode=True))
    return path


def test_a_provider_is_understood_and_its_secret_stands_beside_the_file(tmp_path: Path) -> None:
    (one,) = load_settings(_file(tmp_path, PROVINCE), environ={}).sign_on
    assert (one.id, one.claim) == ("province", "preferred_username")
    assert one.client_secret_file == tmp_path / "secrets" / "province"


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:5556", "http://localhost/dex", "http://[::1]:1"])
def test_without_tls_a_provider_may_stand_on_this_machine(tmp_path: Path, issuer: str) -> None:
    (one,) = load_settings(_file(tmp_path, {**PROVINCE, "issuer": issuer}), environ={}).sign_on
    assert one.issuer == issuer


@pytest.mark.parametrize(
    "issuer",
    [
        *("http://login.example", "login.example", "ftp://login.example", "https://", "https://a:b@login.example"),
        *("https://login.example?x=1", "https://login.example#x", "http://127.0.0.1.evil.example", "http://[::1", ""),
    ],
)
def test_anywhere_else_it_needs_tls(tmp_path: Path, issuer: str) -> None:
    with pytest.raises(ConfigError, match=r"sign_on\[0\].issuer: .*is not an issuer; write it as"):
        load_settings(_file(tmp_path, {**PROVINCE, "issuer": issuer}), environ={})


def test_two_providers_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"sign_on: two have the same id; give each its own"):
        load_settings(_file(tmp_path, PROVINCE, PROVINCE), environ={})


def test_a_secret_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"sign_on\[0\].client_secret_file: .*nowhere: no such file"):
        load_settings(_file(tmp_path, {**PROVINCE, "client_secret_file": "nowhere"}), environ={})
