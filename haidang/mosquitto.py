"""What every mosquitto of ours is told, in the demo and in a deployment: who may do what, and how much."""

import base64
import hashlib
import secrets
from collections.abc import Iterable, Sequence
from typing import Protocol

from protocols import wire

LARGEST_MESSAGE = wire.MAX_BYTES + 8_000  # nats-server counts about 25 bytes of its own, topics come on top
IN_FLIGHT = 1000  # the broker's window is the cloud's bound; 20 (mosquitto's default) caps a 5 ms commit at 4,000/s

_PBKDF2_ROUNDS = 101  # what mosquitto_passwd 2.0 writes; the passwords are random and 192 bits long

COMMON = (
    "allow_anonymous false",
    "use_username_as_clientid true",  # nobody takes another's client id and with it its queue
    "set_tcp_nodelay true",
    f"max_inflight_messages {IN_FLIGHT}",
    "max_queued_messages 100000",
    "max_queued_bytes 268435456",
    f"max_packet_size {LARGEST_MESSAGE}",
    "log_dest stderr",
    "log_type error",
    "log_type warning",
    "log_type notice",
)


class Access(Protocol):
    """What one account may do: MQTT topics and filters."""

    @property
    def user(self) -> str: ...

    @property
    def writes(self) -> Sequence[str]: ...

    @property
    def reads(self) -> Sequence[str]: ...


def password_line(user: str, password: str) -> str:
    """A line of the file `password_file`."""
    salt = secrets.token_bytes(12)
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _PBKDF2_ROUNDS)
    return f"{user}:$7${_PBKDF2_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}\n"


def access_list(everyone: Iterable[Access]) -> str:
    """The file `acl_file`: what is not named there is refused."""
    return "\n".join(map(_of_one, everyone))


def _of_one(account: Access) -> str:
    lines = [f"user {account.user}"]
    lines += [f"topic write {topic}" for topic in account.writes]
    lines += [f"topic read {topic}" for topic in account.reads]
    return "\n".join(lines) + "\n"
