"""What does not fit together in a profile whose parts are each right. Each mistake has its place and an advice."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from protocols.config import Found
from protocols.modbus.registers import Register, Type
from protocols.profiles.points import LAST_ADDRESS, Point

if TYPE_CHECKING:  # the model of a profile calls this module
    from protocols.profiles import Profile

_MASKABLE = (Type.UINT16, Type.UINT32)


def mistakes(profile: "Profile") -> Found:
    """Every one of them."""
    yield from _overlaps(profile)
    yield from _out_of_bounds(profile)
    yield from _bad_blocks(profile)
    yield from _unseen_patterns(profile)
    yield from _bad_bits(profile)
    yield from _bad_codes(profile)
    yield from _bad_sequence(profile)
    yield from _bad_reach(profile)
    yield from _wrong_spans(profile)
    yield from _failed_checks(profile)


def _overlaps(profile: "Profile") -> Found:
    taken: dict[Register, Point] = {}
    names: set[str] = set()
    for n, point in enumerate(profile.points):
        if point.quantity in names:
            yield ("points", n, "quantity"), f"{point.quantity} stands twice; keep one"
        names.add(point.quantity)
        for register in _registers(point):
            other = taken.get(register)
            if other is not None and not _shares(point, other):
                advice = f"{point.quantity} ({point.type}) overlaps {other.quantity} at {register}"
                yield ("points", n, "register"), f"{advice}; check address and type"
            taken[register] = point


def _registers(point: Point) -> Iterator[Register]:
    """Where a point stands; one with a code stands nowhere until its device has told its map."""
    if not point.code:
        for address in range(point.register_.address, point.last + 1):
            yield Register(point.register_.space, address)


def _shares(point: Point, other: Point) -> bool:
    """True for two points that are different bits of one number, or what is written and what is read in one place."""
    if point.write != other.write and point.register_ == other.register_ and point.width == other.width:
        return True
    return point.mask is not None and other.mask is not None and not point.mask & other.mask


def _out_of_bounds(profile: "Profile") -> Found:
    for n, point in enumerate(profile.points):
        if point.last > LAST_ADDRESS:
            end = Register(point.register_.space, LAST_ADDRESS)
            advice = f"{point.quantity} ({point.type}) ends beyond {end}; check address and type"
            yield ("points", n, "register"), advice
        if point.width > profile.most_registers:
            advice = f"takes {point.width} registers, but a request may have only {profile.most_registers}"
            yield ("points", n, "type"), f"{point.quantity} {advice}"


def _bad_blocks(profile: "Profile") -> Found:
    """Without `blocks` a block begins at register 0 and holds all; with it the points may stand anywhere."""
    if profile.block is None:
        if profile.blocks is not None:
            yield ("blocks",), "says how many blocks, but not how far apart; add `block`"
        return
    if profile.blocks is not None:
        yield from _colliding_blocks(profile, profile.block, profile.blocks)
        return
    for n, point in enumerate(profile.points):
        if point.last >= profile.block:
            yield ("points", n, "register"), f"{point.quantity} stands outside its block of {profile.block} registers"


def _colliding_blocks(profile: "Profile", stride: int, blocks: int) -> Found:
    taken: dict[Register, tuple[int, Point]] = {}
    for n, point in enumerate(profile.points):
        for block in range(blocks):
            for register in _registers(point):
                moved = Register(register.space, register.address + block * stride)
                known, other = taken.setdefault(moved, (block, point))
                if known != block and point.write == other.write:
                    advice = f"{point.quantity} of block {block} overlaps {other.quantity} of block {known} at {moved}"
                    yield ("points", n, "register"), f"{advice}; check `block` and `blocks`"
                    return


def _unseen_patterns(profile: "Profile") -> Found:
    for n, point in enumerate(profile.points):
        for pattern in point.no_value:
            if not 0 <= pattern < 1 << 16 * point.width:
                advice = f"0x{pattern:X} does not fit into {point.type}, so it would never be seen"
                yield ("points", n, "no_value"), advice


def _bad_bits(profile: "Profile") -> Found:
    for n, point in enumerate(profile.points):
        if point.mask is not None and point.type not in _MASKABLE:
            yield ("points", n, "mask"), f"a mask picks bits out of uint16 or uint32, not out of {point.type}"
        elif point.mask is not None and point.mask >= 1 << 16 * point.width:
            yield ("points", n, "mask"), f"0x{point.mask:X} does not fit into {point.type}"
        if point.curve is not None and not _is_bare(point):
            yield ("points", n, "curve"), "a DALI level is a bare uint16; the curve alone makes it percent"
        for kind, extra in (("valid", point.valid), ("unit", point.unit)):
            if extra is not None and profile.map is not None:
                yield ("points", n, kind), "does not belong into a profile with a `map`, which has a `status`"


def _is_bare(point: Point) -> bool:
    return point.type is Type.UINT16 and point.scale == 1 and not (point.offset or point.mask or point.unit)


def _bad_codes(profile: "Profile") -> Found:
    owners: dict[int, str] = {}
    for n, point in enumerate(profile.points):
        if bool(point.code) != (profile.map is not None):
            has = "is missing, but there is a `map`" if profile.map else "needs a `map` that says where codes stand"
            yield ("points", n, "code"), has
        for code in point.code:
            if owners.setdefault(code, point.quantity) != point.quantity:
                yield ("points", n, "code"), f"{code} is {owners[code]} already; keep one"


def _bad_sequence(profile: "Profile") -> Found:
    for key in ("wait", "stop"):
        if key in profile.model_fields_set and not profile.start:
            yield (key,), "has no `start` before it; say what starts the device, or take it out"
    if profile.block is not None and (profile.start or profile.map is not None):
        yield ("block",), "does not go with `start` or `map`: each block would start the whole device"


def _bad_reach(profile: "Profile") -> Found:
    if profile.reach is not None and not any(p.quantity == "programme_level" and p.write for p in profile.points):
        yield ("reach",), "has no words for a level; add the point programme_level with `write: true`"


def _wrong_spans(profile: "Profile") -> Found:
    for n, span in enumerate(profile.forbidden):
        if span.first.space is not span.last.space or span.first > span.last:
            yield ("forbidden", n, "last"), f"{span.last} is not after {span.first} in the same table"
        for m, point in enumerate(profile.points):
            touched = {*_registers(point), *point.beside} if not point.write else set()
            if any(span.first <= register <= span.last for register in touched):
                yield ("points", m, "register"), f"{point.quantity} stands in the forbidden range from {span.first}"


def _failed_checks(profile: "Profile") -> Found:
    points = {p.quantity: p for p in profile.points}
    for n, check in enumerate(profile.checked_with):
        point = points.get(check.quantity)
        if point is None:
            yield ("checked_with", n, "quantity"), f"{check.quantity} is not one of the points"
        elif len(check.words) != point.width:
            yield ("checked_with", n, "words"), f"{point.type} has {point.width} registers, not {len(check.words)}"
        elif set(check.beside) - set(point.beside):
            strange = min(set(check.beside) - set(point.beside))
            yield ("checked_with", n, "beside"), f"{strange} says nothing about {check.quantity}"
        elif not _same(found := _read(point, check.words, check.beside), check.value):
            yield ("checked_with", n, "value"), f"these words mean {found}, not {check.value}; check type, order, scale"


def _read(point: Point, words: tuple[int, ...], beside: dict[Register, int]) -> float | None:
    return point.decode(list(words), beside if set(point.beside) <= set(beside) else None)


def _same(found: float | None, said: float | None) -> bool:
    if found is None or said is None:
        return found is said
    return math.isclose(found, said, rel_tol=1e-6, abs_tol=1e-9)
