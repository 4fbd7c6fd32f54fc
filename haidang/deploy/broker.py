"""mosquitto with TLS: who comes in proves by a certificate who it is, and is called what that says."""

from collections.abc import Sequence

from haidang.access import HEALTH, Permission, permissions
from haidang.mosquitto import COMMON, access_list

ALIVE = "$SYS/broker/uptime"


def access(site: str, edges: Sequence[str]) -> str:
    """The access list of a city. Raises ValueError for an edge with a name of ours."""
    return access_list([*permissions(site, edges), Permission(HEALTH, [], [ALIVE])])


def configuration(listen: str) -> str:
    """mosquitto.conf; every path in it is relative to the folder that mosquitto is started in."""
    lines = [
        f"listener {listen}",
        "cafile ca.crt",
        "certfile broker.crt",
        "keyfile broker.key",
        "require_certificate true",
        "use_identity_as_username true",
        "acl_file acl",
        "persistence true",
        "persistence_location data/",
        "autosave_interval 1",  # kill -9 lost everything with the default of 1800 s, one or two seconds with this
        *COMMON,
    ]
    return "\n".join(lines) + "\n"
