"""Two things that every statement in DuckDB may need: to be one with others, and columns of numpy to speak of."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import duckdb


@contextmanager
def transaction(db: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All of it or nothing."""
    db.execute("BEGIN")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        with suppress(duckdb.Error):  # a commit that failed has rolled back by itself
            db.execute("ROLLBACK")
        raise


@contextmanager
def registered(db: duckdb.DuckDBPyConnection, **columns: Any) -> Iterator[None]:
    """Columns of numpy, as the table `incoming`."""
    db.register("incoming", columns)
    try:
        yield
    finally:
        with suppress(duckdb.Error):  # after a failed statement; what failed is what is raised
            db.unregister("incoming")
