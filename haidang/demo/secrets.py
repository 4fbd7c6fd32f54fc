"""Passwords that nobody chose: made at the first start, one 0600 file each."""

import os
import secrets
from pathlib import Path


def secret(folder: Path, name: str) -> str:
    """The secret of that name; made when it is not there yet, whole or not at all."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path, unfinished = folder / name, folder / f"{name}.new"
    if not (path.exists() and path.read_text().strip()):
        write_private(unfinished, secrets.token_urlsafe(24))
        unfinished.replace(path)
    return path.read_text().strip()


def write_private(path: Path, text: str) -> None:
    """Write a file that carries secrets; readable by its owner only from the first byte on."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
