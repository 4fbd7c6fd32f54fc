"""Passwords and tokens: one file each, read again for every connection, so that a new one needs no restart."""

from pathlib import Path


def read(file: Path) -> str:
    """The secret. Raises OSError: it may be put right while the edge runs, and the street is lit meanwhile."""
    try:
        return file.read_text("utf-8").strip()
    except UnicodeDecodeError as error:
        raise OSError(f"{file} is not UTF-8; write the secret anew") from error
