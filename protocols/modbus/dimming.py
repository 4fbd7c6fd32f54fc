"""Where a level is written so that it reaches one lamp, a group of a gateway, or all of them."""

from dataclasses import dataclass

from protocols.modbus.plan import Member


@dataclass(frozen=True, slots=True)
class Group:
    """One group of a gateway."""

    number: int


@dataclass(frozen=True, slots=True)
class Everyone:
    """All that a gateway reaches, whether we know them or not."""


Whom = Group | Everyone | None  # None is the lamp itself


class OutOfReach(ValueError):
    """The device has no such place; the text says what it has."""


def written(member: Member, level: float, whom: Whom = None) -> tuple[int, list[int]]:
    """Address and words that set a level (%). Raises OutOfReach, OverflowError for what is no level."""
    point = next((p for p in member.profile.points if p.quantity == "programme_level" and p.write), None)
    if point is None:
        raise OutOfReach(f"{member.profile.profile} has no level to write")
    address = member.address(point) if whom is None else _shared(member, whom)
    return address, point.encode(level)


def _shared(member: Member, whom: Group | Everyone) -> int:
    reach, name = member.profile.reach, member.profile.profile
    if isinstance(whom, Everyone):
        if reach is None or reach.all is None:
            raise OutOfReach(f"{name} has no level for all")
        return reach.all.address
    if reach is None or reach.group is None:
        raise OutOfReach(f"{name} has no groups")
    if not 0 <= whom.number < reach.group.count:
        raise OutOfReach(f"{name} has groups 0 to {reach.group.count - 1}, not {whom.number}")
    return reach.group.register_.address + whom.number * reach.group.every
