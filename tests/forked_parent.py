"""What the processes of tests/forked.py find imported: every role, and what a role imports on its way up.

It stays until the end, so nobody looks through it for garbage.
"""

import atexit
import gc
from importlib import import_module

ROLES = ("haidang.cli", "haidang.demo.broker", "firmware_sim.main", "edge_agent.main", "cloud.main", "cloud.tables")
LATER = ("aiosqlite", "alembic.command", "anyio._backends._asyncio", "uvicorn.protocols.http.auto")

gc.disable()
for name in (*ROLES, *LATER):
    import_module(name)
gc.freeze()
gc.enable()
atexit.register(gc.unfreeze)  # or duckdb complains of what is left
