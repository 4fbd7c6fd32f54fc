"""Since when the batches of an outbox wait: noted once a minute for each stream, not for each batch."""

import math
import sqlite3
from collections import deque

from protocols.topics import STREAMS, Stream

SCHEMA = "CREATE TABLE IF NOT EXISTS age (stream TEXT NOT NULL, seq INTEGER NOT NULL, at REAL NOT NULL);"

_EVERY_S = 60.0
_UNKNOWN = math.inf  # later than everything, so that nothing becomes too old for it


class Ages:
    """For each stream (seq, at), seq rising: batch `seq` was appended at that moment (Unix seconds), and those up to
    the next note in the minute after it; or while no clock could be trusted."""

    def __init__(self) -> None:
        self._notes: dict[Stream, deque[tuple[int, float]]] = {stream: deque() for stream in STREAMS}

    def load(self, connection: sqlite3.Connection) -> None:
        """What is on the disk."""
        self._notes = {stream: deque(_rows(connection, stream)) for stream in STREAMS}

    def note(self, connection: sqlite3.Connection, stream: Stream, seq: int, now: float | None) -> None:
        """A batch is appended. A clock that was put back, lost or found begins a new minute as well."""
        notes, at = self._notes[stream], _UNKNOWN if now is None else now
        if notes and (at == notes[-1][1] or 0 <= at - notes[-1][1] < _EVERY_S):
            return
        connection.execute("INSERT INTO age VALUES (?, ?, ?)", (stream, seq, at))
        notes.append((seq, at))

    def oldest(self, stream: Stream) -> float | None:
        """When the oldest batch that is held was appended, to the minute; `None` when nobody knows."""
        notes = self._notes[stream]
        return notes[0][1] if notes and notes[0][1] != _UNKNOWN else None

    def first_younger(self, stream: Stream, cutoff: float, upcoming: int) -> int:
        """The first seq of a stream that may have been appended after `cutoff`; `upcoming` when none was, and 0 when
        nothing is known of any."""
        for seq, at in self._notes[stream]:
            if at + _EVERY_S > cutoff:
                return seq
        return upcoming if self._notes[stream] else 0

    def forget_below(self, connection: sqlite3.Connection, stream: Stream, first: int) -> None:
        """Only the note that covers `first` and those after it are of use."""
        notes = self._notes[stream]
        if len(notes) < 2 or notes[1][0] > first:
            return
        while len(notes) >= 2 and notes[1][0] <= first:
            notes.popleft()
        connection.execute("DELETE FROM age WHERE stream = ? AND seq < ?", (stream, notes[0][0]))


def renumber(connection: sqlite3.Connection) -> None:
    """Every stream begins at 1; call it before the streams themselves are renumbered."""
    connection.execute(
        "UPDATE age SET seq = MAX(1, seq + 1 - (SELECT first FROM stream s WHERE s.stream = age.stream))"
    )


def _rows(connection: sqlite3.Connection, stream: Stream) -> list[tuple[int, float]]:
    return connection.execute("SELECT seq, at FROM age WHERE stream = ? ORDER BY seq", (stream,)).fetchall()
