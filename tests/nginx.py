"""Where nginx is."""

import os
import shutil

_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])


def program() -> str | None:
    """Debian keeps it out of the way of people who are not root."""
    return shutil.which("nginx", path=_PATH)
