"""What the processes of tests/forked.py find there: every role and what it imports on its way up, and the library of
device profiles, which comes with the program as its modules do.

All of it stays until the end, so nobody looks through it for garbage.
"""

import atexit
import gc
from importlib import import_module

ROLES = ("haidang.cli", "haidang.demo.broker", "firmware_sim.main", "edge_agent.main", "cloud.main", "cloud.tables")
LATER = ("aiosqlite", "alembic.command", "anyio._backends._asyncio", "uvicorn.protocols.http.auto")

gc.disable()
for name in (*ROLES, *LATER):
    import_module(name)
for name in ("protocols.profiles", "protocols.profiles.mqtt"):
    import_module(name).library()
gc.freeze()
gc.enable()
atexit.register(gc.unfreeze)  # or duckdb complains of what is left
