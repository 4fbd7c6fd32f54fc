"""Which registers of a bus are read together, and what the answer means. A plan is a value; nothing is read here.

Points of one unit and table are merged when the gap between them costs less than another request. How many registers
that is depends on the speed of the line: a request costs 8 + 5 characters without data, two silences and the slave's
turn-round, a register two characters. That is 12 registers at 9,600 baud and 51 at 115,200.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from protocols.modbus.registers import Register, Space
from protocols.profiles import LAST_ADDRESS, MOST_REGISTERS, Point, Profile
from protocols.profiles.decoding import Decoder, OneWord, decoder, of_one_word, one_word
from protocols.readings import Reading

_BITS_PER_CHARACTER = 11
_REQUEST_CHARACTERS = 8 + 5  # request, and response without data
_SILENCE_CHARACTERS = 3.5  # Modbus over Serial Line V1.02, section 2.5.1.1 ...
_SHORTEST_SILENCE_S = 0.00175  # ... which fixes it above 19,200 baud
_TURN_ROUND_S = 0.005  # of a usual slave


@dataclass(frozen=True, slots=True)
class Member:
    """A device on a bus: its unit and, in a device that repeats itself, its block. `located` are the points of a device
    that tells its own map, once it has told it."""

    device: str
    unit: int
    profile: Profile
    block: int = 0
    located: tuple[Point, ...] = ()

    @property
    def points(self) -> tuple[Point, ...]:
        """The points that can be read."""
        return self.profile.polled if self.profile.map is None else self.located

    @property
    def shift(self) -> int:
        """How far the registers of this block stand from those of block 0."""
        return self.block * (self.profile.block or 0)

    def address(self, point: Point) -> int:
        """Where a point of this device stands, 0-based."""
        return point.register_.address + self.shift


@dataclass(frozen=True, slots=True, order=True)
class Block:
    """One read request."""

    unit: int
    space: Space
    address: int
    count: int

    def __str__(self) -> str:
        return f"unit {self.unit} {self.space}/0x{self.address:04X}+{self.count}"


class Answer(NamedTuple):
    """What a block answered, and when (domain time, whole seconds UTC)."""

    words: Sequence[int]
    at: int


class Spot(NamedTuple):
    """Where registers are found in the answers: in which one, and how far into its words."""

    block: Block
    offset: int


class Place(NamedTuple):
    """Where a point is found, and the registers that it depends on."""

    point: Point
    block: Block
    offset: int
    beside: Mapping[Register, Spot]

    @property
    def blocks(self) -> set[Block]:
        """The requests that it takes to know the value."""
        return {self.block, *(spot.block for spot in self.beside.values())}


class Cut(NamedTuple):
    """An address that no request may have in its middle, only at its beginning."""

    unit: int
    space: Space
    address: int


class _Seam(NamedTuple):
    """A place where a request could be cut: between two devices, or at registers that nobody wants."""

    address: int
    between_devices: bool
    at_a_gap: bool


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """The requests of one round over a bus, and where each device's points are found in the answers."""

    members: tuple[Member, ...]
    blocks: tuple[Block, ...]
    places: Mapping[str, tuple[Place, ...]]  # by device
    _columns: Mapping[str, Sequence["_Column"]]  # by device; the same, sorted for the many that depend on nothing else

    def devices(self, block: Block) -> list[str]:
        """The devices that a request reads."""
        return [device for device, found in self.places.items() if any(block in place.blocks for place in found)]

    def cuts(self, block: Block) -> list[Cut]:
        """Where to cut a request that a unit refuses as a whole: between its devices, else at every gap, else in the
        middle; nowhere when it reads one number only."""
        seams = list(self._seams(block))
        chosen = [seam for seam in seams if seam.between_devices] or [seam for seam in seams if seam.at_a_gap]
        chosen = chosen or seams[len(seams) // 2 :][:1]
        return [Cut(block.unit, block.space, block.address + seam.address) for seam in chosen]

    def _seams(self, block: Block) -> Iterator[_Seam]:
        """Addresses count from the beginning of the block."""
        end, before = 0, ""
        for first, last, device in sorted(self._spans(block)):
            if before and first >= end:
                yield _Seam(first, device != before, first > end)
            end, before = max(end, last), device

    def _spans(self, block: Block) -> Iterator[tuple[int, int, str]]:
        for device, found in self.places.items():
            for place in found:
                if place.block == block:
                    yield place.offset, place.offset + place.point.width, device
                for spot in place.beside.values():
                    if spot.block == block:
                        yield spot.offset, spot.offset + 1, device

    def decode(self, answers: Mapping[Block, Answer]) -> list[Reading]:
        """One reading for each device of which something was answered; what was not answered in full is absent."""
        whole = {block: answer for block, answer in answers.items() if len(answer.words) == block.count}
        return [reading for member in self.members if (reading := self._reading(member, whole)) is not None]

    def _reading(self, member: Member, answers: Mapping[Block, Answer]) -> Reading | None:
        values: dict[str, float | None] = {}
        at = 0
        for column in self._columns[member.device]:
            answer = answers.get(column.block)
            if answer is not None:
                words, at = answer.words, max(at, answer.at)
                values |= of_one_word(column.one_word, words)
                for quantity, decode, offset in column.plain:
                    values[quantity] = decode(words, offset)
                for place in column.dependent:
                    if all(spot.block in answers for spot in place.beside.values()):
                        values[place.point.quantity] = _value(place, answer, answers)
        return Reading(member.device, member.profile.kind, at, values) if values else None


class _Column(NamedTuple):
    """The points of a device in one answer: the usual ones, the others that depend on nothing else, and the rest."""

    block: Block
    one_word: Sequence[OneWord]
    plain: Sequence[tuple[str, Decoder, int]]
    dependent: Sequence[Place]


Alike = dict[tuple[OneWord, ...], tuple[OneWord, ...]]


def _columns(places: Sequence[Place], alike: Alike) -> Iterator[_Column]:
    """`alike` lets devices that are read in the same way share what says so: a hundred copies fit into no cache."""
    for block in dict.fromkeys(place.block for place in places):
        here = [place for place in places if place.block == block]
        alone = [place for place in here if not place.beside]
        usual = tuple(one for place in alone if (one := one_word(place.point, place.offset)))
        plain = [(p.point.quantity, decoder(p.point), p.offset) for p in alone if not one_word(p.point, p.offset)]
        yield _Column(block, alike.setdefault(usual, usual), plain, [place for place in here if place.beside])


def _value(place: Place, answer: Answer, answers: Mapping[Block, Answer]) -> float | None:
    beside = {register: answers[spot.block].words[spot.offset] for register, spot in place.beside.items()}
    return place.point.decode(list(answer.words[place.offset : place.offset + place.point.width]), beside)


def worthwhile_gap(baud: int | None) -> int:
    """How many unwanted registers may be read rather than asking twice; `None` is a network, not a line."""
    if baud is None:
        return MOST_REGISTERS
    character_s = _BITS_PER_CHARACTER / baud
    silence_s = max(_SILENCE_CHARACTERS * character_s, _SHORTEST_SILENCE_S)
    request_s = _REQUEST_CHARACTERS * character_s + 2 * silence_s + _TURN_ROUND_S
    return int(request_s / (2 * character_s))


def plan(
    members: Iterable[Member],
    baud: int | None = None,
    cuts: Collection[Cut] = (),
    quantities: Collection[str] | None = None,
) -> ReadPlan:
    """The fewest requests that read every polled point, or those of certain quantities, within the limits of the
    devices.

    No request crosses one of the `cuts`. Raises ValueError when a block lies beyond the last register that Modbus can
    address.
    """
    members = tuple(members)
    points = [(member, _points(member, quantities)) for member in members]
    blocks: list[Block] = []
    spots: dict[tuple[str, Register], Spot] = {}
    for unit, space, wants in _by_table(points):
        for run in _runs(wants, worthwhile_gap(baud), _forbidden(members, unit, space), cuts):
            block = Block(unit, space, run.first, run.last - run.first + 1)
            blocks.append(block)
            for want in run.wants:
                spots[want.member.device, want.register] = Spot(block, want.first - block.address)
    places = {member.device: tuple(_places(member, some, spots)) for member, some in points}
    alike: Alike = {}
    columns = {device: tuple(_columns(found, alike)) for device, found in places.items()}
    return ReadPlan(members, tuple(blocks), places, columns)


def _points(member: Member, quantities: Collection[str] | None) -> Sequence[Point]:
    if quantities is None:
        return member.points
    return [point for point in member.points if point.quantity in quantities]


def _places(member: Member, points: Sequence[Point], spots: Mapping[tuple[str, Register], Spot]) -> Iterator[Place]:
    for point in points:
        block, offset = spots[member.device, point.register_]
        beside = {register: spots[member.device, register] for register in point.beside}
        yield Place(point, block, offset, beside)


@dataclass(frozen=True, slots=True)
class _Want:
    """Registers that have to be read: a point, or one that it depends on. `register` is that of block 0."""

    member: Member
    register: Register
    width: int

    @property
    def first(self) -> int:
        return self.register.address + self.member.shift

    @property
    def last(self) -> int:
        return self.first + self.width - 1


class _Run:
    """Wants that one request reads, and what the devices among them allow."""

    def __init__(self, want: _Want) -> None:
        self.wants = [want]
        self.first, self.last = want.first, want.last
        self.most = want.member.profile.most_registers
        self.across_holes = want.member.profile.across_holes

    def joins(self, want: _Want, gap: int, forbidden: Sequence[tuple[int, int]]) -> bool:
        """Take the next want in, where one request may read it too."""
        profile, last = want.member.profile, max(self.last, want.last)
        most, across_holes = min(self.most, profile.most_registers), self.across_holes and profile.across_holes
        if last - self.first + 1 > most or want.first - self.last - 1 > (gap if across_holes else 0):
            return False
        if any(low <= want.first - 1 and high > self.last for low, high in forbidden):
            return False
        self.wants.append(want)
        self.last, self.most, self.across_holes = last, most, across_holes
        return True


def _wants(member: Member, points: Sequence[Point]) -> Iterator[_Want]:
    """Points that share a register, such as bits of one number, want it once."""
    widths: dict[Register, int] = {}
    for point in points:
        widths[point.register_] = max(point.width, widths.get(point.register_, 0))
        for register in point.beside:
            widths.setdefault(register, 1)
        if member.address(point) + point.width - 1 > LAST_ADDRESS:
            where = f"{member.device}: block {member.block} puts {point.quantity} at {member.address(point)}"
            raise ValueError(f"{where}, beyond {LAST_ADDRESS}")
    for register, width in widths.items():
        yield _Want(member, register, width)


def _by_table(points: Sequence[tuple[Member, Sequence[Point]]]) -> Iterator[tuple[int, Space, list[_Want]]]:
    wants: dict[tuple[int, Space], list[_Want]] = defaultdict(list)
    for member, some in points:
        for want in _wants(member, some):
            wants[member.unit, want.register.space].append(want)
    for (unit, space), found in sorted(wants.items(), key=lambda item: item[0]):
        yield unit, space, sorted(found, key=lambda w: (w.first, w.last))


def _runs(
    wants: Sequence[_Want], gap: int, forbidden: Sequence[tuple[int, int]], cuts: Collection[Cut]
) -> Iterator[_Run]:
    run: _Run | None = None
    for want in wants:
        if run is None or _begins(want) in cuts or not run.joins(want, gap, forbidden):
            if run is not None:
                yield run
            run = _Run(want)
    if run is not None:
        yield run


def _begins(want: _Want) -> Cut:
    return Cut(want.member.unit, want.register.space, want.first)


def _forbidden(members: Sequence[Member], unit: int, space: Space) -> list[tuple[int, int]]:
    """The address ranges of a unit that may not be read, not even as a gap."""
    return [
        (span.first.address + member.shift, span.last.address + member.shift)
        for member in members
        if member.unit == unit
        for span in member.profile.forbidden
        if span.first.space is space
    ]
