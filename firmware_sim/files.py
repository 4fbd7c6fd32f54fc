"""Files that are either whole or not there."""

import os
from pathlib import Path


class Unreadable(OSError):
    """A file of the last run that cannot be used."""

    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(f"{file} cannot be read: {reason}; take it away to start anew")


def write_whole(file: Path, content: bytes) -> None:
    """Write a file so that a reader, also after a power cut, sees the old or the new content and nothing between."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with draft.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)
