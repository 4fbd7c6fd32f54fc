"""The documents that the cloud wants this edge to hold: fetched, judged whole, and only then in force. `settings` says
how the edge works, `light` what its luminaires do.

What is in force lies in a folder of its own, one file each, and is never half there. A document that is not right, or
does not fit this edge, is refused with the reason, and the one before it stays. None of this touches the outbox.
"""

import asyncio
import functools
import hashlib
import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from edge_agent import light_document
from edge_agent.config import EdgeConfig
from edge_agent.pauses import Pause
from protocols import config as configs
from protocols.config import ConfigError, Problem
from protocols.light import LIGHT, LightDocument
from protocols.wire import Desired, Document, RefusedDocument
from rules.edge_settings import SETTINGS, EdgeSettings

log = logging.getLogger(__name__)

Fetch = Callable[[str], Awaitable[bytes]]  # a document by its hash; raises OSError
Enforce = Callable[[], None]  # puts what was judged in force
_LONGEST_REASON = 2000


@dataclass(slots=True)
class Holdings:
    """What the birth says of documents. `news` is set when it has to be said again."""

    held: tuple[Document, ...] = ()
    refused: tuple[RefusedDocument, ...] = ()
    news: asyncio.Event = field(default_factory=asyncio.Event)


class Documents:
    """Those of one edge. `changed` is set when another configuration is in force; `config` is that one. `light` is the
    plan that is in force: whoever needs it looks here each time, and nothing is put together anew for it."""

    def __init__(self, config: EdgeConfig, fetch: Fetch | None, pause: Pause | None = None) -> None:
        self._own = config
        self._folder = config.data.with_suffix(".documents")
        self._fetch = fetch
        self._pause = pause or Pause(1.0, 60.0)
        self._desired: tuple[Document, ...] | None = None
        self._asked = asyncio.Event()
        self.config = config
        self.light: LightDocument | None = None
        self.holdings = Holdings()
        self.changed = asyncio.Event()

    def load(self) -> None:
        """Take up what was in force before a restart; what no longer fits is refused and left aside. Light stays in
        force for the lamps that are still there. It is said as held, with its hash: it is on the disk whole, so the
        cloud need not send it again, and what the lamps do is what it says."""
        for path in sorted(self._folder.glob("[!.]*")):
            body = path.read_bytes()
            self._take_up(Document(name=path.name, hash=_hash(body)), body)

    def _take_up(self, document: Document, body: bytes) -> None:
        try:
            self._judged(document.name, body, light_document.kept)()
        except ConfigError as error:
            self._refuse(document, str(error))
        else:
            self._hold(document.name, document)
            self.changed.clear()  # nothing runs yet that would have to be put together anew

    def submit(self, desired: Desired) -> None:
        """The cloud has said what it wants; does not wait."""
        self._desired = desired.documents
        self._asked.set()

    async def run(self) -> NoReturn:
        """Come to hold what is desired, until cancelled."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            await self._settle(self._desired or ())

    async def _settle(self, desired: Sequence[Document]) -> None:
        self._let_go({document.name for document in desired})
        missing = [one for one in desired if one not in self.holdings.held and not self._is_refused(one)]
        self._pause.reset()
        told: set[str] = set()
        while missing and not self._asked.is_set():
            missing = [one for one in missing if not await self._is_had(one, told)]
            if missing:
                await self._wait(self._pause.after_failure())

    def _let_go(self, names: set[str]) -> None:
        for document in self.holdings.held:
            if document.name not in names:
                self._remove(document.name)
                self._hold(document.name, None)
                self._undo(document.name)
                log.info("document %s is no longer desired: it is in force no more", document.name)

    def _remove(self, name: str) -> None:
        """A disk that does not let go of it brings it back at the next start, until the cloud has spoken again."""
        try:
            (self._folder / name).unlink(missing_ok=True)
        except OSError as error:
            log.warning("document %s stays on the disk: %s", name, error)

    async def _is_had(self, document: Document, told: set[str]) -> bool:
        """True when a document is in force or refused now; else it is to be asked for again, after the others. `told`
        names those of which it has been said."""
        if self._fetch is None:
            self._refuse(document, "edge.yaml does not say where documents are fetched; give it `cloud`")
            return True
        try:
            await self._take(document, await self._fetched(self._fetch, document))
        except OSError as error:
            if document.name not in told:
                log.warning("document %s cannot be had: %s", document.name, error)
            told.add(document.name)
            return False
        return True

    async def _fetched(self, fetch: Fetch, document: Document) -> bytes:
        body = await fetch(document.hash)
        if _hash(body) != document.hash:
            raise OSError("what came is not what was announced")
        return body

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._asked.wait()
        except TimeoutError:
            return

    async def _take(self, document: Document, body: bytes) -> None:
        """Put a document in force, or refuse it. Raises OSError when it cannot be kept; then nothing has changed."""
        try:
            enforce = await asyncio.to_thread(self._judged, document.name, body)
        except ConfigError as error:
            self._refuse(document, str(error))
            return
        await asyncio.to_thread(_write_whole, self._folder / document.name, body)
        self._hold(document.name, document)
        enforce()
        log.info("document %s (%.8s) is in force", document.name, document.hash)

    def _judged(
        self, name: str, body: bytes, light: Callable[[EdgeConfig, bytes], LightDocument] = light_document.judged
    ) -> Enforce:
        """What puts a document in force. Raises ConfigError with every reason against it."""
        if name == SETTINGS:
            return functools.partial(self._work_by, judged(self._own, body))
        if name == LIGHT:
            return functools.partial(self._light_by, light(self._own, body))
        advice = f"this software knows no such document; it knows {SETTINGS} and {LIGHT}"
        raise ConfigError([Problem(name, 1, "", advice)])

    def _undo(self, name: str) -> None:
        if name == LIGHT:
            self._light_by(None)
        else:
            self._work_by(self._own)

    def _hold(self, name: str, document: Document | None) -> None:
        rest = tuple(one for one in self.holdings.held if one.name != name)
        self.holdings.held = (*rest, document) if document else rest
        self.holdings.refused = tuple(one for one in self.holdings.refused if one.name != name)
        self.holdings.news.set()

    def _work_by(self, config: EdgeConfig) -> None:
        self.config = config
        self.changed.set()

    def _light_by(self, document: LightDocument | None) -> None:
        self.light = document

    def _refuse(self, document: Document, reason: str) -> None:
        reason = reason.replace("\0", "\N{REPLACEMENT CHARACTER}")  # a key of what is refused may have one
        log.warning("document %s (%.8s) is refused: %s", document.name, document.hash, reason)
        refused = RefusedDocument(name=document.name, hash=document.hash, reason=reason[:_LONGEST_REASON])
        self.holdings.refused = (*(one for one in self.holdings.refused if one.name != document.name), refused)
        self.holdings.news.set()

    def _is_refused(self, document: Document) -> bool:
        return any((one.name, one.hash) == (document.name, document.hash) for one in self.holdings.refused)


def judged(own: EdgeConfig, body: bytes) -> EdgeConfig:
    """This edge's configuration with settings in force. Raises ConfigError with every reason against them."""
    document = configs.parse(body, SETTINGS)
    settings = configs.validate(document, EdgeSettings)
    there = ", ".join(bus.id for bus in own.modbus)
    unknown = settings.poll_every.keys() - {bus.id for bus in own.modbus}
    if unknown:
        advice = f"there is no such bus; those that are polled here are {there}"
        raise ConfigError([document.problem(("poll_every", bus), advice) for bus in sorted(unknown)])
    return applied(own, settings)


def applied(own: EdgeConfig, settings: EdgeSettings) -> EdgeConfig:
    """What edge.yaml says, but for what the settings say."""
    rate = settings.backlog_per_second
    polled = {bus: {"poll_every": every} for bus, every in settings.poll_every.items()}
    return own.model_copy(
        update={
            "report": settings.report or own.report,
            "uplink": own.uplink.model_copy(update={"backlog_per_second": rate} if rate else {}),
            "buses": tuple(bus.model_copy(update=polled.get(bus.id, {})) for bus in own.buses),
        }
    )


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _write_whole(path: Path, body: bytes) -> None:
    """Whole or not at all, also when the power fails meanwhile."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_name(f".{path.name}")
    with draft.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
