"""HTTPS for the demo: an authority of its own in the data folder, and a certificate for every name of this machine."""

import re
import socket
from dataclasses import dataclass
from pathlib import Path

from haidang.deploy.certificates import Pair, authority, issue

_NAMES = ("localhost", "127.0.0.1", "::1")
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the console shows, and whom a browser has to trust for it."""

    console: Pair
    authority: Path

    @property
    def settings(self) -> dict[str, str]:
        """As cloud.yaml says it."""
        shown = {"certificate": self.console.certificate, "key": self.console.key, "ca": self.authority}
        return {name: str(file) for name, file in shown.items()}


def certificate(data: Path) -> Certificate:
    """The demo's certificate; what is there and still good is kept. Raises NoCertificate."""
    folder = data.resolve() / "tls"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ours, console = authority(folder, "demo"), Pair.in_folder(folder, "console")
    issue(ours, console, "localhost", _names())
    return Certificate(console, ours.certificate)


def how_to_trust(authority: Path) -> list[str]:
    """For the greeting."""
    return [
        f"  trust      {authority}   (once, until then the browser warns; take it out again after the trial)",
        "             Firefox, Chrome: Settings > Privacy and security > Certificates > Authorities > Import",
        f"             or: curl --cacert {authority} …",
    ]


def _names() -> list[str]:
    own = socket.gethostname().lower()
    return [*_NAMES, *([own] if own not in _NAMES and _NAME.fullmatch(own) else [])]
