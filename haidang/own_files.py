"""What a role or a city writes is for its own account: hashes of passwords, who commanded what, mails with links."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def own_files() -> Iterator[None]:
    """For what is written meanwhile, here and in every process that is started."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
