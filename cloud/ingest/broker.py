"""What the receiver must know of the broker."""

from pathlib import Path
from typing import Protocol


class BrokerSettings(Protocol):
    """Address and account; the password stands in a file of its own and is read at each connection."""

    @property
    def host(self) -> str: ...

    @property
    def port(self) -> int: ...

    @property
    def username(self) -> str | None: ...

    @property
    def password_file(self) -> Path | None: ...


def password(broker: BrokerSettings) -> str | None:
    """The account's password, or `None` for a broker without accounts. Raises OSError."""
    return broker.password_file.read_text("utf-8").strip() if broker.password_file else None
