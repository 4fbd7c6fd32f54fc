"""What of a plan has changed, in words for the audit log."""

from collections.abc import Iterator, Mapping, Sequence

from protocols.light import Calendar, LampGroup, LightPlan, Programme

_LONGEST = 500  # characters of one list of ids
Part = Programme | Calendar | LampGroup


def changed(before: LightPlan, after: LightPlan) -> Mapping[str, str]:
    """`groups.added`, `groups.changed`, `groups.removed`, the same of programmes and calendars, and `groups.order`."""
    return {what: _cut(", ".join(ids)) for what, ids in _changes(before, after) if ids}


def _changes(before: LightPlan, after: LightPlan) -> Iterator[tuple[str, Sequence[str]]]:
    yield from _parts("programmes", before.programmes, after.programmes)
    yield from _parts("calendars", before.calendars, after.calendars)
    yield from _parts("groups", before.groups, after.groups)
    order, old = [group.id for group in after.groups], [group.id for group in before.groups]
    stayed = set(order) & set(old)
    if [name for name in order if name in stayed] != [name for name in old if name in stayed]:
        yield "groups.order", order


def _parts(what: str, before: Sequence[Part], after: Sequence[Part]) -> Iterator[tuple[str, Sequence[str]]]:
    old, new = {part.id: part for part in before}, {part.id: part for part in after}
    yield f"{what}.added", [name for name in new if name not in old]
    yield f"{what}.changed", [name for name in new if name in old and new[name] != old[name]]
    yield f"{what}.removed", [name for name in old if name not in new]


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
