"""mbpoll, an independent Modbus master (Debian)."""

import asyncio
import re
import shutil

THERE = shutil.which("mbpoll") is not None
MISSING = "mbpoll is not on this machine: apt install mbpoll"


async def input_register(port: int, unit: int, address: int, kind: str = "3") -> str:
    """What mbpoll prints for one point: kind `3` is a word, `3:float` a float32 (`%g`: six digits)."""
    [value] = await _read(port, unit, address, 1, kind)
    return value


async def input_bytes(port: int, unit: int, address: int, count: int) -> bytes:
    """The bytes of some words, in the order of the frame."""
    words = await _read(port, unit, address, count, "3:hex")
    return b"".join(int(word, 16).to_bytes(2, "big") for word in words)


async def _read(port: int, unit: int, address: int, count: int, kind: str) -> list[str]:
    place = ["-a", str(unit), "-0", "-r", str(address), "-c", str(count), "-t", kind, "-B", "-1"]
    command = ["mbpoll", "-m", "tcp", "-p", str(port), *place, "127.0.0.1"]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    values = re.findall(r"^\[\d+\]:\s+(\S+)", output.decode(), re.MULTILINE)
    assert values, output.decode()
    return values
