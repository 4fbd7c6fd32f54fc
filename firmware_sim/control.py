"""The door for switching faults while the simulator runs: a Unix socket, one line of JSON for each question.

{"ask": "on", "name": "lamp_out", "target": "HL-000001"}   or "off", or {"ask": "list"}
{"ok": true, "on": [["lamp_out", "HL-000001"]]}            or {"ok": false, "advice": "..."}
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from firmware_sim.faults import UnknownFault
from firmware_sim.switchboard import Switchboard

SOCKET = "sim.sock"
_TIMEOUT_S = 10.0
_LONGEST_PATH = 107  # of a Unix socket on Linux


class Away(OSError):
    """No simulator runs in this folder, or one does already."""


class Question(BaseModel):
    """What the client asks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ask: Literal["on", "off", "list"]
    name: str = Field(default="", max_length=100)
    target: str = Field(default="", max_length=100)


class Reply(BaseModel):
    """What the simulator says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ok: bool
    on: tuple[tuple[str, str], ...] = ()
    advice: str = ""


def switch_fault(data: Path, state: str, name: str, target: str) -> None:
    """Switch a fault "on" or "off". Raises UnknownFault with advice, Away when no simulator runs there."""
    _ask(data, Question.model_validate({"ask": state, "name": name, "target": target}))


def list_faults(data: Path) -> list[tuple[str, str]]:
    """Name and target of every fault that is on. Raises Away."""
    return list(_ask(data, Question(ask="list")).on)


def _ask(data: Path, question: Question) -> Reply:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(_TIMEOUT_S)
        try:
            client.connect(str(data / SOCKET))
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise Away(f"no simulator runs in {data}; start one with: haidang sim CITY.yaml --data {data}") from error
        client.sendall(question.model_dump_json().encode() + b"\n")
        with client.makefile("rb") as answer:
            reply = Reply.model_validate_json(answer.readline())
    if not reply.ok:
        raise UnknownFault(reply.advice)
    return reply


@contextlib.asynccontextmanager
async def serve(data: Path, switchboard: Switchboard) -> AsyncIterator[None]:
    """Answer on the socket for as long as the context lasts. Raises Away when somebody does already."""
    path = data / SOCKET
    door = _bound(path)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.LimitOverrunError, ValueError):
            while line := await reader.readline():
                writer.write(_reply(line, switchboard).model_dump_json().encode() + b"\n")
                await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(answer, sock=door, limit=4096)
    try:
        yield
    finally:
        server.close()
        path.unlink(missing_ok=True)


def _reply(line: bytes, switchboard: Switchboard) -> Reply:
    try:
        question = Question.model_validate_json(line)
        if question.ask != "list":
            switchboard.switch(question.name, question.target, on=question.ask == "on")
    except ValidationError as error:
        return Reply(ok=False, advice=f"not a question: {error.errors()[0]['msg']}")
    except UnknownFault as error:
        return Reply(ok=False, advice=str(error))
    return Reply(ok=True, on=tuple((fault.name, fault.target) for fault in switchboard.on()))


def _bound(path: Path) -> socket.socket:
    """A socket that only its owner may use, from its first moment on."""
    if len(str(path).encode()) > _LONGEST_PATH:
        raise Away(f"{path} is too long for a Unix socket ({_LONGEST_PATH} bytes); use a shorter --data")
    if _is_answered(path):
        raise Away(f"a simulator runs in {path.parent} already")
    path.unlink(missing_ok=True)
    door = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        door.bind(str(path))
    except OSError:
        door.close()
        raise
    finally:
        os.umask(before)
    return door


def _is_answered(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        return True
