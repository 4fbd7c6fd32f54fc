"""mbpoll, an independent Modbus master (Debian)."""

import asyncio
import re
import shutil
from collections.abc import Sequence

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


async def number(port: int, unit: int, address: int, kind: str, *, low_word_first: bool = False) -> float:
    """One number of two registers, decoded by mbpoll: kind `4:float` is a float32 in the holding registers, `3:int` a
    32-bit number in the input registers."""
    [value] = await _read(port, unit, address, 1, kind, () if low_word_first else ("-B",))
    return float(value)


async def words(port: int, unit: int, address: int, count: int, table: int) -> list[int]:
    """Registers as they come; `table` 3 is input, 4 holding."""
    return [int(word, 16) for word in await _read(port, unit, address, count, f"{table}:hex")]


async def write(port: int, unit: int, address: int, value: int) -> None:
    """Write one holding register (function 6)."""
    place = ["-a", str(unit), "-0", "-r", str(address), "-t", "4"]
    command = ["mbpoll", "-m", "tcp", "-p", str(port), *place, "127.0.0.1", str(value)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()


async def _read(port: int, unit: int, address: int, count: int, kind: str, order: Sequence[str] = ("-B",)) -> list[str]:
    place = ["-a", str(unit), "-0", "-r", str(address), "-c", str(count), "-t", kind, *order, "-1"]
    command = ["mbpoll", "-m", "tcp", "-p", str(port), *place, "127.0.0.1"]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    values = re.findall(r"^\[\d+\]:\s+(\S+)", output.decode(), re.MULTILINE)
    assert values, output.decode()
    return values
