"""For which address passkeys are: a browser hands one to pages of that host alone, over HTTPS or from `localhost`."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

_OWN = "localhost"
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Party:
    """The "relying party" of WebAuthn: a host name, and the one origin whose pages may ask."""

    host: str
    origin: str


def party_of(console_url: str | None, scheme: str, host: str) -> Party | None:
    """The party of a request to `host` (with its port) over `scheme`; `None` where no browser would take a passkey.

    The settings name the console's address, and nothing else is believed. Without one, or where it is an address of
    this machine only, passkeys are for `localhost`, at the port that was asked.
    """
    configured, asked = _parts(console_url or ""), _parts(f"{scheme}://{host}")
    if asked is None:
        return None
    if configured is None or _is_loopback(configured.host):
        return asked if asked.host == _OWN else None
    return configured if asked.host == configured.host and _takes_passkeys(configured) else None


def _parts(url: str) -> Party | None:
    try:
        found = urlsplit(url)
        port = found.port
    except ValueError:  # a port or an address in brackets that is none
        return None
    if not found.hostname or found.scheme not in _PORTS:
        return None
    named = "" if port in (None, _PORTS[found.scheme]) else f":{port}"
    return Party(found.hostname, f"{found.scheme}://{found.hostname}{named}")


def _is_loopback(host: str) -> bool:
    return _is_address(host) and ip_address(host).is_loopback


def _takes_passkeys(party: Party) -> bool:
    return not _is_address(party.host) and (party.host == _OWN or party.origin.startswith("https:"))


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
