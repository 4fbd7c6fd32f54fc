"""Reads the whole audit log and every head that was kept of it, and tells what is wrong."""

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.audit import store
from cloud.audit.check import Check, Finding, Kept
from cloud.audit.signing import is_signed
from protocols.audit_head import AuditHead, heads_of

IN_REGISTRY = "in the registry"


@dataclass(slots=True)
class Evidence:
    """Heads that are signed, and what is wrong with the others."""

    heads: list[Kept] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


def evidence_in(files: Iterable[Path]) -> list[Kept]:
    """The heads of files, a line each. Raises OSError and NotHeads."""
    return [Kept(head, str(file)) for file in files for head in heads_of(file.read_text("utf-8"), str(file))]


async def evidence_of(session: AsyncSession, given: Iterable[Kept], site: str, key: str | None) -> Evidence:
    """What the log is held against: the registry's heads and the given ones, which must be signed by `key`."""
    found = Evidence()
    try:
        own = [Kept(head, IN_REGISTRY) for head in await store.load_heads(session)]
    except ValueError:
        own = []
        found.doubts.append("a signed head in the registry was changed: it cannot be read")
    for kept in _together((*own, *given)):
        doubts = list(_doubts(kept.head, site, key))
        found.doubts += [f"{kept} of row {kept.head.seq} proves nothing: {doubt}" for doubt in doubts]
        found.heads += [] if doubts else [kept]
    return found


async def verify(session: AsyncSession, check: Check) -> AsyncIterator[Finding]:
    """Everything that is wrong with the rows, as it is found."""
    try:
        async for link in store.every_link(session):
            for finding in check.step(link):
                yield finding
    except ValueError as error:
        yield Finding(check.last + 1, f"it, or a row soon after it, cannot be read: {error}")
        return
    for finding in check.end():
        yield finding


def _together(kept: Iterable[Kept]) -> Iterator[Kept]:
    """One for each head, wherever it was kept."""
    places: dict[AuditHead, list[str]] = {}
    for one in kept:
        places.setdefault(one.head, []).append(one.where)
    return (Kept(head, ", ".join(dict.fromkeys(where))) for head, where in places.items())


def _doubts(head: AuditHead, site: str, key: str | None) -> Iterator[str]:
    if head.site != site:
        yield f"it is one of {head.site}"
    elif not is_signed(head):
        yield "its signature is not right"
    elif key is not None and head.key != key:
        yield f"it is signed by another key, {head.key}"
