"""Which commands this edge has taken, and what it said of them: the same id twice has one effect and one answer."""

import sqlite3
from collections.abc import Sequence
from datetime import timedelta

from edge_agent.database import Act, Database
from protocols.commands import Answer, Command, LockOut, Step

SCHEMA = """
CREATE TABLE IF NOT EXISTS command (
    id TEXT PRIMARY KEY, target TEXT NOT NULL, issued_at REAL NOT NULL, at REAL NOT NULL,
    command TEXT NOT NULL, answer TEXT NOT NULL, step TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS command_target ON command (target, issued_at);
CREATE INDEX IF NOT EXISTS command_at ON command (at);
"""

_UNFINISHED = Step.ACCEPTED, Step.WAITING
_LOCK_OUT = f"%{LockOut().model_dump_json()}%"  # holds its lamp also where that could not confirm it
_KEPT = timedelta(days=7)  # a command lives for minutes; a week covers every resend


Known = tuple[Answer | None, Command | None]


class Ledger:
    """Reads what `begin` and `word` wrote. The database has SCHEMA."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def known(self, commands: Sequence[Command]) -> list[Known]:
        """Of each command the last word, or `None` when it is new; and the youngest command that was taken for its
        target."""
        return await self._database.run(
            lambda connection: [(_answer(connection, command), _latest(connection, command)) for command in commands]
        )

    async def unfinished(self) -> list[Command]:
        """What was taken and not ended when the process died, in the order in which it was taken."""
        rows = await self._query("SELECT command FROM command WHERE step IN (?, ?) ORDER BY rowid", *_UNFINISHED)
        return [Command.model_validate_json(row[0]) for row in rows]

    async def _query(self, sql: str, *values: object) -> list[tuple[str]]:
        return await self._database.run(lambda connection: connection.execute(sql, values).fetchall())


def _answer(connection: sqlite3.Connection, command: Command) -> Answer | None:
    row = connection.execute("SELECT answer FROM command WHERE id = ?", (command.id,)).fetchone()
    return Answer.model_validate_json(row[0]) if row else None


def _latest(connection: sqlite3.Connection, command: Command) -> Command | None:
    row = connection.execute(
        "SELECT command FROM command WHERE target = ? AND (step IN (?, ?, ?) OR step = ? AND command LIKE ?)"
        " ORDER BY issued_at DESC LIMIT 1",
        (command.target, *_UNFINISHED, Step.READ_BACK, Step.REFUSED, _LOCK_OUT),
    ).fetchone()
    return Command.model_validate_json(row[0]) if row else None


def begin(command: Command, answer: Answer) -> Act:
    """The first word on a new command, to be written together with the event that says it."""
    at = answer.at.timestamp()
    row = (
        command.id,
        command.target,
        command.issued_at.timestamp(),
        at,
        command.model_dump_json(),
        answer.model_dump_json(),
        answer.step,
    )

    def act(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM command WHERE at < ?", (at - _KEPT.total_seconds(),))
        connection.execute("INSERT INTO command VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    return act


def word(answer: Answer) -> Act:
    """The next word on a command, and in the end the last, to be written together with the event that says it."""

    def act(connection: sqlite3.Connection) -> None:
        connection.execute(
            "UPDATE command SET answer = ?, step = ? WHERE id = ?", (answer.model_dump_json(), answer.step, answer.id)
        )

    return act
