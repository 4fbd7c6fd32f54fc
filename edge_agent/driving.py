"""Which devices of the Modbus buses are luminaires that can be driven, and how much each of them knows."""

from collections.abc import Iterable

from edge_agent.bus import Bus
from edge_agent.level_lamps import LevelLamp
from edge_agent.modbus_lamps import ModbusLamp
from protocols.modbus.plan import Member, plan
from protocols.profiles import Profile

_LEVEL = {"programme_level"}, {"actual_level"}  # written, reported
_OVERRIDE = {"override_level", "override_expiry"}, {"target_level", "command_reason"}


def lamps(buses: Iterable[Bus]) -> dict[str, ModbusLamp]:
    """Every device that can be given a level and says which it has, by its id."""
    found = ((bus, member) for bus in buses for member in bus.members.values() if is_driven(member.profile))
    return {member.device: _lamp(bus, member) for bus, member in found}


def is_driven(profile: Profile) -> bool:
    """True of a luminaire that can be given a level and says which it has."""
    return _has(profile, *_LEVEL)


def _lamp(bus: Bus, member: Member) -> ModbusLamp:
    make = ModbusLamp if _has(member.profile, *_OVERRIDE) else LevelLamp
    return make(bus, member, plan([member], bus.baud))


def _has(profile: Profile, written: set[str], reported: set[str]) -> bool:
    return written <= {p.quantity for p in profile.points if p.write} and reported <= {
        p.quantity for p in profile.polled
    }
