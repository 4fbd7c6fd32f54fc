"""The edge runs on cabinet computers for which there is no numpy, no OpenCV and no uvloop.

The lunar calendar is the cloud's, too: edges are told which programme each night has.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

import rules

_BLOCKED = ("numpy", "cv2", "uvloop", "duckdb", "fastapi", "sqlalchemy", "lunar_vn")
_PROGRAM = f"""
import sys
sys.modules.update(dict.fromkeys({_BLOCKED!r}))  # an import of them fails from now on
import edge_agent.main, edge_agent.links.mqtt, edge_agent.probing
from haidang.cli import app, roles
assert roles.fastest_loop() is None
"""


def test_the_edge_needs_nothing_that_armv7_lacks() -> None:
    found = subprocess.run([sys.executable, "-W", "error", "-c", _PROGRAM], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr


def test_the_contract_of_imports_names_every_fleet_form() -> None:
    """lint-imports knows no pattern for a part of a name, and an import inside a function is not seen above."""
    room = Path(str(rules.__file__)).parent
    contracts = tomllib.loads((room.parent / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    kept_out = {
        name for one in contracts if one.get("source_modules") == ["edge_agent"] for name in one["forbidden_modules"]
    }
    assert {f"rules.{file.stem}" for file in room.glob("fleet_*.py")} <= kept_out
