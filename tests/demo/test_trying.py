"""`haidang profile try` reads a device once and says what it found, or what is usually behind it when nothing comes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from haidang.cli import app
from haidang.cli.roles import FAULT_IN_CONFIG
from haidang.trial import ALL_WELL, DOUBTFUL, NOT_READ
from protocols import profiles
from protocols.profiles import library
from tests.edge.clocks import SetClock, running_clock
from tests.edge.devices import UNIT, Played, played
from tests.ports import free_port

LIBRARY = Path(profiles.__file__).parent / "library"


async def trying(name: str | Path, port: int, *words: object, unit: int = UNIT) -> Result:
    file = name if isinstance(name, Path) else LIBRARY / f"{name}.yaml"
    arguments = ["profile", "try", file, "--tcp", f"127.0.0.1:{port}", "--unit", unit, "--timeout", "1s", *words]
    runner = CliRunner(env={"COLUMNS": "200"})
    return await asyncio.to_thread(runner.invoke, app, [str(argument) for argument in arguments])


@asynccontextmanager
async def device(name: str) -> AsyncIterator[Played]:
    async with played(SetClock().clock, library()[name]) as found:
        yield found


async def test_every_quantity_is_shown_with_its_words_value_unit_and_verdict() -> None:
    async with device("keller-acculevel") as found:
        result = await trying("keller-acculevel", found.port)
    assert result.exit_code == ALL_WELL, result.output
    [row] = [line for line in result.stdout.splitlines() if "water_temperature" in line]
    cells = [cell.strip() for cell in row.strip("│ ").split("│")]
    quantity, register, words, value, unit, verdict = cells
    assert (quantity, register, unit, verdict) == ("water_temperature", "holding/0x0102", "degC", "plausible")
    assert library()["keller-acculevel"].point(quantity).decode([int(w, 16) for w in words.split()]) == float(value)


async def test_a_probe_is_started_and_waited_for() -> None:
    async with device("aqualabo-ntu") as found:
        result = await trying("aqualabo-ntu", found.port)
    assert result.exit_code == ALL_WELL, result.output
    assert "starting it, then 0.5 s of waiting" in result.stdout


async def test_a_wrong_order_of_words_is_not_plausible(tmp_path: Path) -> None:
    (file := tmp_path / "em340.yaml").write_text(
        (LIBRARY / "carlo-gavazzi-em340.yaml").read_text("utf-8").split("checked_with:")[0].replace("CDAB", "ABCD")
        + "checked_with:\n  - {quantity: frequency, words: [500], value: 50.0, origin: counted on paper}\n",
        "utf-8",
    )
    async with device("carlo-gavazzi-em340") as found:
        result = await trying(file, found.port)
    assert result.exit_code == DOUBTFUL, result.output
    assert "not plausible, 0 to 300 would be" in result.stdout


async def test_a_value_that_the_device_does_not_know_is_called_so(tmp_path: Path) -> None:
    text = (LIBRARY / "aqualabo-ntu.yaml").read_text("utf-8")
    (file := tmp_path / "hasty.yaml").write_text(text.replace("wait: 500ms", "wait: 0s"), "utf-8")
    async with device("aqualabo-ntu") as found:
        result = await trying(file, found.port)
    assert result.exit_code == DOUBTFUL, result.output
    assert "not known" in result.stdout


async def test_a_register_that_is_not_there_is_explained() -> None:
    async with device("keller-acculevel") as found:
        result = await trying("hach-3400-sc", found.port)
    assert result.exit_code == NOT_READ, result.output
    said = "there is no such register; compare the address with the manual, which may count from 1"
    assert f"cannot read unit {UNIT} holding/0x0002+4: device refused: illegal address: {said}" in result.stdout


async def test_a_start_that_is_refused_is_explained() -> None:
    async with device("keller-acculevel") as found:
        result = await trying("yosemitech-y504", found.port)
    assert result.exit_code == NOT_READ, result.output
    assert "cannot read holding/0x2500+0: device refused: illegal value" in result.stdout


async def test_a_wrong_unit_is_explained() -> None:
    async with device("keller-acculevel") as found:
        result = await trying("keller-acculevel", found.port, unit=UNIT + 1)
    assert result.exit_code == NOT_READ, result.output
    assert f"unit {UNIT + 1}: no answer within 1 s; is the unit number right" in result.stdout


async def test_a_wrong_address_is_explained() -> None:
    port = free_port()
    result = await trying("keller-acculevel", port)
    assert result.exit_code == NOT_READ, result.output
    assert f"cannot connect to 127.0.0.1:{port}; is the address right" in result.stdout


async def test_a_wrong_file_is_answered_before_anybody_is_asked(tmp_path: Path) -> None:
    (file := tmp_path / "wrong.yaml").write_text("profile: x\n")
    result = await trying(file, 1)
    assert result.exit_code == FAULT_IN_CONFIG
    assert f"{file}:1: kind: is missing" in result.stderr


@pytest.mark.parametrize("host", ["", "nowhere:", "nowhere:x", ":502", "nowhere:70000"])
async def test_an_address_that_is_none_is_answered(host: str) -> None:
    arguments = ["profile", "try", str(LIBRARY / "keller-acculevel.yaml"), "--tcp", host, "--unit", "1"]
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, arguments)
    assert result.exit_code == 2
    assert "is no device; write 192.168.1.20 or 192.168.1.20:502" in result.stderr


@pytest.mark.parametrize("words", [["--group", 0], ["--all"], []])
async def test_a_gateway_is_dimmed_before_the_look(words: list[object]) -> None:
    async with played(running_clock(speed=10), library()["ecodim-dali-gw2"]) as found:
        result = await trying("ecodim-dali-gw2", found.port, "--dim", 50, *words)
    assert result.exit_code == ALL_WELL
    assert "50.531" in result.stdout, result.output


async def test_a_level_that_is_out_of_reach_is_answered() -> None:
    async with device("arlight-dali-logic-lite") as found:
        result = await trying("arlight-dali-logic-lite", found.port, "--dim", 50, "--all")
    assert result.exit_code == NOT_READ
    assert "arlight-dali-logic-lite has no level for all" in result.stdout
