"""The signed heads of the cloud's audit log, kept here so that nobody can bend that log with the cloud's disk alone.

They lie in a file beside the edge's data, a line each, the newest last. This edge does not judge them: two that
contradict each other are kept both, for that is what an auditor looks for.
"""

import asyncio
import logging
import os
from pathlib import Path
from typing import NoReturn

from protocols.audit_head import AuditHead, in_line

MOST = 1000  # nearly three years of days

log = logging.getLogger(__name__)


def heads_file(data: Path) -> Path:
    """Where the edge with this data keeps them."""
    return data.with_suffix(".audit-heads")


class AuditHeads:
    """Those that this edge has heard. What its disk does not take comes again with the next connection."""

    def __init__(self, file: Path, most: int = MOST) -> None:
        self._file, self._most = file, most
        self._heard: asyncio.Queue[AuditHead] = asyncio.Queue()

    def submit(self, head: AuditHead) -> None:
        """The cloud has said how its log stands; does not wait."""
        self._heard.put_nowait(head)

    async def run(self) -> NoReturn:
        """Keep what is heard, until cancelled."""
        while True:
            head = await self._heard.get()
            try:
                await asyncio.to_thread(keep, self._file, head, self._most)
            except (OSError, UnicodeDecodeError) as error:
                log.warning("the audit log's head of row %d is not kept: %s", head.seq, error)


def keep(file: Path, head: AuditHead, most: int = MOST) -> None:
    """Put a head at the end of the file, unless it is in it; the oldest go when there are too many. Raises OSError."""
    lines = file.read_text("utf-8").splitlines(keepends=True) if file.exists() else []
    if in_line(head) not in lines:
        _write_whole(file, "".join([*lines, in_line(head)][-most:]))


def _write_whole(file: Path, text: str) -> None:
    """Whole or not at all, also when the power fails meanwhile."""
    draft = file.with_name(f".{file.name}")
    with draft.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)
