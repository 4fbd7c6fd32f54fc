"""mbpoll, an independent Modbus master (Debian)."""

import asyncio
import re
import shutil

THERE = shutil.which("mbpoll") is not None
MISSING = "mbpoll is not on this machine: apt install mbpoll"


async def input_register(port: int, unit: int, address: int, kind: str = "3") -> str:
    """What mbpoll prints for one point: kind `3` is a word, `3:float` a float32 (`%g`: six digits)."""
    command = [
        "mbpoll",
        "-m",
        "tcp",
        "-p",
        str(port),
        "-a",
        str(unit),
        "-0",
        "-r",
        str(address),
        "-t",
        kind,
        "-B",
        "-1",
    ]
    process = await asyncio.create_subprocess_exec(*command, "127.0.0.1", stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    match = re.search(rf"^\[{address}\]:\s+(\S+)", output.decode(), re.MULTILINE)
    assert match, output.decode()
    return match[1]
