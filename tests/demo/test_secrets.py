"""Secrets that nobody chose and nobody else can read."""

import stat
from pathlib import Path

from haidang.demo.secrets import secret, write_private


def test_a_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    first = secret(tmp_path / "secrets", "cloud")
    assert len(first) >= 32
    assert secret(tmp_path / "secrets", "cloud") == first


def test_a_secret_that_a_full_disk_left_empty_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "cloud").touch(0o600)
    made = secret(tmp_path, "cloud")
    assert len(made) >= 32
    assert secret(tmp_path, "cloud") == made
    assert [path.name for path in tmp_path.iterdir()] == ["cloud"]


def test_two_secrets_are_never_the_same(tmp_path: Path) -> None:
    assert secret(tmp_path, "HL-E01") != secret(tmp_path, "HL-E02")


def test_only_the_owner_reads_a_secret(tmp_path: Path) -> None:
    secret(tmp_path / "secrets", "cloud")
    write_private(tmp_path / "secrets" / "acl", "user cloud")
    for name in ("cloud", "acl"):
        assert stat.S_IMODE((tmp_path / "secrets" / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
