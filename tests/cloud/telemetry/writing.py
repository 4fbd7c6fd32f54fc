"""A process that writes points one after the other and says which it has been promised: `python -m … FILE INBOX`.

It goes on from the store's mark, like a cursor, until it is ended.
"""

import asyncio
import sys
from itertools import count
from pathlib import Path

from cloud.telemetry.duckdb_store import DuckDbStore
from cloud.telemetry.store import Mark
from tests.cloud.telemetry.tables import voltage

ROWS = 500


async def write(path: Path, inbox: str) -> None:
    """Point number n of each lamp belongs to mark n."""
    store = await DuckDbStore.open(path)
    mark = await store.mark()
    for n in count(mark.position + 1 if mark else 1):
        tables = [voltage(f"HL-{lamp:06d}", [n], [float(n)]) for lamp in range(ROWS)]
        await store.write(tables, Mark(inbox, n))
        print(n, flush=True)  # noqa: T201 - the promise that the test holds us to


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1]), sys.argv[2]))
