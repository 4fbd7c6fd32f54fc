"""The page that tells which devices can be read, made from the profiles so that it cannot fall behind them."""

from collections.abc import Iterable, Iterator, Mapping

from protocols.profiles import Profile
from protocols.profiles.mqtt import MqttProfile

GRADES: Mapping[str, str] = {
    "manual": "manual, read by us",
    "driver": "another author's driver",
    "design": "our design",
}
COLUMNS = ("Profile", "Device", "Kind", "Link", "Maker", "Evidence", "Quantities")
HEAD = """\
# Devices

Every device that comes with Haidang, from the files in `protocols/profiles/library/`; each file names its source. This
page comes from `haidang profile list --markdown > docs/devices.md`. [Add a device](add-a-device.md) tells how.

Where the evidence is another author's driver, compare one value with the device's display before you trust the rest.
"""


def page(profiles: Iterable[Profile | MqttProfile]) -> str:
    """The whole page, as Markdown."""
    rules = ["---"] * len(COLUMNS)
    return "\n".join([HEAD, _row(COLUMNS), _row(rules), *(_row(_cells(profile)) for profile in profiles), ""])


def _cells(profile: Profile | MqttProfile) -> Iterator[str]:
    yield f"`{profile.profile}`"
    yield f"{profile.title.en} / {profile.title.vi}"
    yield profile.kind
    yield "MQTT" if isinstance(profile, MqttProfile) else "Modbus"
    yield profile.maker
    yield GRADES[profile.evidence.grade]
    yield ", ".join(_quantities(profile))


def _quantities(profile: Profile | MqttProfile) -> Iterator[str]:
    if isinstance(profile, MqttProfile):
        yield from (point.quantity for point in profile.points)
        yield from ("level (told)",) if profile.is_driven else ()
    else:
        yield from (f"{p.quantity} (written)" if p.write else p.quantity for p in profile.points)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
