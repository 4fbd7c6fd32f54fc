"""The page that tells which devices can be used, made from the profiles so that it cannot fall behind them."""

from collections.abc import Iterable, Iterator, Mapping

from protocols.profiles import Profile
from protocols.profiles.mqtt import MqttProfile

AnyProfile = Profile | MqttProfile

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

Where the evidence is another author's driver, compare one value with the device's display before you trust the rest:
`haidang profile try FILE --tcp HOST --unit N` reads a device once.
"""
NOT_FOUND = """
## No public map found

These were looked for and are not here, because a register map that nobody has published cannot be checked.

| Device | What was found |
| --- | --- |
| Vaisala WXT536 | every driver speaks its ASCII protocol (`0R0`); the Modbus RTU map of the series is not public |
| Lunatone and ADFweb DALI gateways | no map in public code; ECOdim and Arlight above show the usual shape |
| JXCT JXBS-3001 | the name of a family with at least five maps; a profile needs the very model |
| Luminaires with Modbus | none public; they speak NEMA and Zhaga node protocols, Modbus is for cabinets |
"""


def page(profiles: Iterable[AnyProfile]) -> str:
    """The whole page, as Markdown."""
    rules = ["---"] * len(COLUMNS)
    rows = [_row(_cells(profile)) for profile in sorted(profiles, key=lambda profile: profile.profile)]
    return "\n".join([HEAD, _row(COLUMNS), _row(rules), *rows, NOT_FOUND])


def link(profile: AnyProfile) -> str:
    """How the device is asked."""
    if isinstance(profile, MqttProfile):
        return "MQTT"
    if profile.map is not None:
        return "Modbus; it tells its own map"
    if profile.start:
        return f"Modbus; started, then {profile.wait.total_seconds():g} s of waiting"
    if profile.reach is not None:
        return "Modbus; a gateway to many"
    return "Modbus"


def _cells(profile: AnyProfile) -> Iterator[str]:
    yield f"`{profile.profile}`"
    yield f"{profile.title.en} / {profile.title.vi}"
    yield profile.kind
    yield link(profile)
    yield profile.maker
    yield GRADES[profile.evidence.grade]
    yield ", ".join(dict.fromkeys(_quantities(profile)))


def _quantities(profile: AnyProfile) -> Iterator[str]:
    if isinstance(profile, MqttProfile):
        yield from (point.quantity for point in profile.points)
    else:
        yield from (f"{p.quantity} (written)" if p.write else p.quantity for p in profile.points)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
