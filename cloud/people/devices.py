"""What somebody has signed in from before: a network, or a browser that keeps a cookie.

The cookie says nothing and opens nothing. It only gives its browser tries of its own at this account, so that whoever
hammers the account from elsewhere does not shut its owner out. The registry keeps its SHA-256.
"""

import hashlib
from ipaddress import IPv6Address, ip_address, ip_network

from starlette.requests import HTTPConnection
from starlette.responses import Response

COOKIE = "haidang_device"
_LASTS_S = 400 * 24 * 3600  # browsers keep no cookie longer
_SUBNET = 64  # bits: who has one IPv6 address has all that begin like it
_LONGEST = 64  # characters


def network_of(address: str) -> str:
    """What tries of an address count for: itself, an IPv6 address's /64, or the text when it is no address."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:_LONGEST]
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or ip_network((found, _SUBNET), strict=False))


def secret_of(session_token: str) -> str:
    """The device's cookie for a browser to which a session is being given; the session cannot be told from it."""
    return hashlib.sha256(f"device {session_token}".encode()).hexdigest()


def give_device(response: Response, session_token: str, *, secure: bool) -> None:
    """Let a browser remember that somebody has signed in here."""
    secret = secret_of(session_token)
    response.set_cookie(COOKIE, secret, max_age=_LASTS_S, httponly=True, samesite="strict", path="/", secure=secure)


def cookie_of(connection: HTTPConnection | None) -> str | None:
    """The device that a request says it comes from."""
    return connection.cookies.get(COOKIE) if connection else None


def device_name(secret: str) -> str:
    """How the registry knows a device."""
    return f"device {hashlib.sha256(secret[:_LONGEST].encode()).hexdigest()}"


def network_name(address: str) -> str:
    """How the registry knows a network."""
    return f"network {network_of(address)}"
