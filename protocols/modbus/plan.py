"""Which registers of a bus are read together, and what the answer means. A plan is a value; nothing is read here.

Points of one unit and table are merged when the gap between them costs less than another request. How many registers
that is depends on the speed of the line: a request costs 8 + 5 characters without data, two silences and the slave's
turn-round, a register two characters. That is 12 registers at 9,600 baud and 51 at 115,200.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from protocols.modbus.registers import Space
from protocols.profiles import LAST_ADDRESS, MOST_REGISTERS, Point, Profile
from protocols.readings import Reading

_BITS_PER_CHARACTER = 11
_REQUEST_CHARACTERS = 8 + 5  # request, and response without data
_SILENCE_CHARACTERS = 3.5  # Modbus over Serial Line V1.02, section 2.5.1.1 ...
_SHORTEST_SILENCE_S = 0.00175  # ... which fixes it above 19,200 baud
_TURN_ROUND_S = 0.005  # of a usual slave


@dataclass(frozen=True, slots=True)
class Member:
    """A device on a bus: its unit and, in a device that repeats itself, its block."""

    device: str
    unit: int
    profile: Profile
    block: int = 0

    def address(self, point: Point) -> int:
        """Where a point of this device stands, 0-based."""
        return point.register_.address + self.block * (self.profile.block or 0)


@dataclass(frozen=True, slots=True, order=True)
class Block:
    """One read request."""

    unit: int
    space: Space
    address: int
    count: int

    def __str__(self) -> str:
        return f"unit {self.unit} {self.space}/0x{self.address:04X}+{self.count}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a block answered, and when (domain time, whole seconds UTC)."""

    words: Sequence[int]
    at: int


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """The requests of one round over a bus, and where each device's points are found in the answers."""

    members: tuple[Member, ...]
    blocks: tuple[Block, ...]
    places: Mapping[str, tuple[tuple[Point, Block, int], ...]]  # device -> (point, block, offset in its words)

    def devices(self, block: Block) -> list[str]:
        """The devices that a request reads."""
        return [device for device, found in self.places.items() if any(b == block for _, b, _ in found)]

    def decode(self, answers: Mapping[Block, Answer]) -> list[Reading]:
        """One reading for each device of which something was answered; what was not answered in full is absent."""
        return [r for m in self.members if (r := self._reading(m, answers)) is not None]

    def _reading(self, member: Member, answers: Mapping[Block, Answer]) -> Reading | None:
        found = [(point, answers[b], n) for point, b, n in self.places[member.device] if _is_answered(b, answers)]
        if not found:
            return None
        values = {point.quantity: point.decode(list(a.words[n : n + point.width])) for point, a, n in found}
        return Reading(member.device, member.profile.kind, max(a.at for _, a, _ in found), values)


def _is_answered(block: Block, answers: Mapping[Block, Answer]) -> bool:
    return block in answers and len(answers[block].words) == block.count


def worthwhile_gap(baud: int | None) -> int:
    """How many unwanted registers may be read rather than asking twice; `None` is a network, not a line."""
    if baud is None:
        return MOST_REGISTERS
    character_s = _BITS_PER_CHARACTER / baud
    silence_s = max(_SILENCE_CHARACTERS * character_s, _SHORTEST_SILENCE_S)
    request_s = _REQUEST_CHARACTERS * character_s + 2 * silence_s + _TURN_ROUND_S
    return int(request_s / (2 * character_s))


def plan(members: Iterable[Member], baud: int | None = None, apart: Collection[str] = ()) -> ReadPlan:
    """The fewest requests that read every polled point, within the limits of the devices.

    A device in `apart` shares no request with another one. Raises ValueError when a block lies beyond the last register
    that Modbus can address.
    """
    members = tuple(members)
    blocks: list[Block] = []
    places: dict[str, list[tuple[Point, Block, int]]] = {m.device: [] for m in members}
    for unit, space, wants in _by_table(members):
        for run in _runs(wants, worthwhile_gap(baud), _forbidden(members, unit, space), apart):
            block = Block(unit, space, run[0].first, max(w.last for w in run) - run[0].first + 1)
            blocks.append(block)
            for want in run:
                places[want.member.device].append((want.point, block, want.first - block.address))
    return ReadPlan(members, tuple(blocks), {device: tuple(found) for device, found in places.items()})


@dataclass(frozen=True, slots=True)
class _Want:
    member: Member
    point: Point
    first: int

    @property
    def last(self) -> int:
        return self.first + self.point.width - 1


def _by_table(members: Sequence[Member]) -> Iterator[tuple[int, Space, list[_Want]]]:
    wants: dict[tuple[int, Space], list[_Want]] = defaultdict(list)
    for member in members:
        for point in member.profile.polled:
            want = _Want(member, point, member.address(point))
            if want.last > LAST_ADDRESS:
                where = f"{member.device}: block {member.block} puts {point.quantity} at {want.first}"
                raise ValueError(f"{where}, beyond {LAST_ADDRESS}")
            wants[member.unit, point.register_.space].append(want)
    for (unit, space), found in sorted(wants.items()):
        yield unit, space, sorted(found, key=lambda w: (w.first, w.last))


def _runs(
    wants: Sequence[_Want], gap: int, forbidden: Sequence[tuple[int, int]], apart: Collection[str]
) -> Iterator[list[_Want]]:
    run: list[_Want] = []
    for want in wants:
        if run and (_is_parted(run[-1], want, apart) or not _joins(run, want, gap, forbidden)):
            yield run
            run = []
        run.append(want)
    if run:
        yield run


def _is_parted(before: _Want, want: _Want, apart: Collection[str]) -> bool:
    devices = before.member.device, want.member.device
    return devices[0] != devices[1] and any(device in apart for device in devices)


def _joins(run: Sequence[_Want], want: _Want, gap: int, forbidden: Sequence[tuple[int, int]]) -> bool:
    end = max(w.last for w in run)
    most = min(want.member.profile.most_registers, *(w.member.profile.most_registers for w in run))
    if max(end, want.last) - run[0].first + 1 > most or want.first - end - 1 > gap:
        return False
    return not any(low <= want.first - 1 and high > end for low, high in forbidden)


def _forbidden(members: Sequence[Member], unit: int, space: Space) -> list[tuple[int, int]]:
    """The address ranges of a unit that may not be read, not even as a gap."""
    return [
        (span.first.address + shift, span.last.address + shift)
        for member in members
        if member.unit == unit
        for shift in [member.block * (member.profile.block or 0)]
        for span in member.profile.forbidden
        if span.first.space is space
    ]
