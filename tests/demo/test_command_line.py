"""What a person gets who gives a role a bad file: one line for each mistake, and exit code 2. Never a traceback."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from firmware_sim.city import CITIES
from haidang.cli import app
from haidang.cli.roles import FAULT_IN_CONFIG
from haidang.devices import page
from protocols import profiles
from protocols.profiles.mqtt import every_profile

SDM630 = Path(profiles.__file__).parent / "library" / "eastron-sdm630.yaml"
HALONG = Path(str(CITIES / "halong.yaml"))
EDGE = """\
edge: HL-E01
site: halong
position: {longitude: 107.08, latitude: 20.95}
timezone: Asia/Ho_Chi_Minh
broker: {host: 127.0.0.1}
data: HL-E01.sqlite
buses:
  - id: HL-TC001
    address: 127.0.0.1:15020
    poll_every: 10s
    devices:
      - {id: HL-000001, profile: haidang-segment-controller, unit: 11, block: 0}
"""


def haidang(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def refusal(*words: object) -> str:
    """What was said of a bad file."""
    result = haidang(*words)
    assert (result.exit_code, result.stdout) == (FAULT_IN_CONFIG, "")
    return result.stderr


def edge_file(folder: Path, good: str, bad: str) -> Path:
    assert good in EDGE
    file = folder / "edge.yaml"
    file.write_text(EDGE.replace(good, bad))
    return file


@pytest.mark.parametrize(
    ("good", "bad", "answer"),
    [
        ("    poll_every", "    pol_every: 5s\n    poll_every", "10: buses[0].pol_every: unknown key; did you mean"),
        ("10s", "10 sec", "10: buses[0].poll_every: '10 sec' is not a span of time; write a number and a unit"),
        ("data: HL-E01.sqlite", "data: *nothing", "6: not YAML: found undefined alias 'nothing'"),
        ("broker: {", "broker: {password_file: nowhere, ", "5: broker.password_file:"),
    ],
)
def test_an_edge_says_what_is_wrong_with_its_file(tmp_path: Path, good: str, bad: str, answer: str) -> None:
    file = edge_file(tmp_path, good, bad)
    assert refusal("edge", "--config", file).startswith(f"{file}:{answer}")


def test_a_file_in_another_encoding_is_a_mistake_like_any_other(tmp_path: Path) -> None:
    file = tmp_path / "edge.yaml"
    file.write_bytes(EDGE.encode("utf-16"))
    assert refusal("edge", "--config", file) == f"{file}:1: not UTF-8; save the file in that encoding\n"


def test_a_bad_clock_is_answered_before_anything_starts(tmp_path: Path) -> None:
    (clock := tmp_path / "clock.json").write_text('{"origin": "2026-11-21T10:00:00Z", "speed": 0}')
    file = edge_file(tmp_path, "10s", "10s")
    assert refusal("edge", "--config", file, "--clock", clock).splitlines() == [
        f"{clock}:1: started: is missing",
        f"{clock}:1: speed: Input should be greater than 0; got 0",
    ]
    assert refusal("edge", "--config", file, "--clock", tmp_path / "no.json").endswith("No such file or directory\n")


@pytest.mark.parametrize("command", [["sim", "run"], ["sim", "export"], ["demo"]])
def test_every_command_that_takes_a_city_says_what_is_wrong_with_it(tmp_path: Path, command: list[str]) -> None:
    (city := tmp_path / "city.yaml").write_text(HALONG.read_text("utf-8").replace("seed:", "sede:"), "utf-8")
    result = haidang(*command, city, "--data", tmp_path / "data")
    assert result.exit_code == FAULT_IN_CONFIG
    assert "city.yaml:10: sede: unknown key; did you mean `seed`?" in result.stderr


def test_a_simulator_whose_last_state_is_spoilt_says_which_file_to_take_away(tmp_path: Path) -> None:
    (tmp_path / "sim-state.json").write_text("{")
    said = refusal("sim", "run", HALONG, "--data", tmp_path, "--lamps", 3, "--base-port", 0, "--camera-port", 0)
    assert "sim-state.json cannot be read" in said
    assert "take it away to start anew" in said


def test_a_sound_profile_is_called_so() -> None:
    result = haidang("profile", "check", SDM630)
    assert (result.exit_code, result.stdout) == (0, "ok: eastron-sdm630, 16 points, 6 checks\n")


def test_a_profile_is_answered_with_every_mistake_on_a_line_of_its_own(tmp_path: Path) -> None:
    wrong = SDM630.read_text("utf-8").replace("maker: Eastron\n", "").replace("voltage_l2, register", "volts, register")
    (file := tmp_path / "meter.yaml").write_text(wrong, "utf-8")
    assert sorted(refusal("profile", "check", file).splitlines()) == [
        f"{file}:12: points[1].quantity: unknown quantity 'volts'; the dictionary is protocols/quantities.py",
        f"{file}:2: maker: is missing",
    ]


def test_a_profile_in_another_encoding_is_a_mistake_like_any_other(tmp_path: Path) -> None:
    (file := tmp_path / "meter.yaml").write_bytes(SDM630.read_text("utf-8").encode("utf-16"))
    assert refusal("profile", "check", file) == f"{file}:1: not UTF-8; save the file in that encoding\n"


def test_the_devices_are_listed_by_name_and_as_a_page() -> None:
    assert "eastron-sdm120: Eastron SDM120 single-phase meter" in haidang("profile", "list").stdout.splitlines()
    assert haidang("profile", "list", "--markdown").stdout == page(every_profile())


def test_edges_are_not_given_a_pace_that_they_would_refuse(tmp_path: Path) -> None:
    result = haidang("sim", "export", HALONG, "--data", tmp_path, "--lamps", 3, "--poll-every", "10")
    assert result.exit_code != 0
    assert "'10' is not a span of time" in result.stderr
    assert not list(tmp_path.iterdir())


def test_a_sound_edge_is_counted_and_a_bad_one_gets_advice(tmp_path: Path) -> None:
    sound = haidang("edge", "check-config", edge_file(tmp_path, "10s", "5s"))
    assert (sound.exit_code, sound.stdout) == (0, "ok: HL-E01 of halong, 1 buses, 1 devices\n")
    bad = edge_file(tmp_path, "10s", "0.1s")
    assert "poll_every: 0.1s is too short; give 1s or more" in refusal("edge", "check-config", bad)


def test_an_edge_that_does_not_run_has_no_status(tmp_path: Path) -> None:
    result = haidang("edge", "status", "--config", edge_file(tmp_path, "10s", "5s"))
    assert result.exit_code == 1
    assert result.stderr == f"no edge answers at {tmp_path / 'HL-E01.sock'}: No such file or directory\n"
