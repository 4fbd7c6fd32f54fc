"""mosquitto with TLS: who comes in proves by a certificate who it is, and is called what that says.

Devices that speak MQTT themselves have a door of their own: TLS too, but a password, for few of them can keep a key.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from haidang.access import HEALTH, Permission
from haidang.mosquitto import COMMON, access_list

ALIVE = "$SYS/broker/uptime"


def access(everyone: Iterable[Permission]) -> str:
    """The access list. Raises ValueError when two are called the same: each would have the rights of both."""
    everybody = [*everyone, Permission(HEALTH, [], [ALIVE])]
    name, count = Counter(may.user for may in everybody).most_common(1)[0]
    if count > 1:
        raise ValueError(f"two on the broker would be called {name}; an id names one edge, link or device")
    return access_list(everybody)


def configuration(listen: str, devices_listen: str) -> str:
    """mosquitto.conf; every path in it is relative to the folder that mosquitto is started in."""
    lines = [
        f"listener {listen}",
        *_proven_by("broker"),
        "require_certificate true",
        "use_identity_as_username true",
        "use_username_as_clientid true",
        f"listener {devices_listen}",
        *_proven_by("broker"),
        *COMMON,
        "password_file passwords",  # of devices alone; who has a certificate is not asked for one
        "acl_file acl",
        "persistence true",
        "persistence_location data/",
        "autosave_interval 1",  # kill -9 lost everything with the default of 1800 s, one or two seconds with this
    ]
    return "\n".join(lines) + "\n"


def _proven_by(name: str) -> Sequence[str]:
    return ("cafile ca.crt", f"certfile {name}.crt", f"keyfile {name}.key")
