"""The alarm desk: what is open, what becomes of it, and who has seen it."""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.alarms import episode as life
from cloud.alarms import store
from cloud.alarms.episode import Episode
from cloud.alarms.lamp_out import Finding
from cloud.audit.chain import Act, Entry, written
from cloud.audit.store import append
from cloud.database import Database
from cloud.errors import NotThere
from protocols.clock import DomainClock
from rules import alarms
from rules.alarms import Event, State

Told = Callable[[Sequence[Episode]], None]
Key = tuple[str, str]


class Alarms:
    """Open episodes in memory, every episode in the registry. `told` hears of each change once it is durable."""

    def __init__(self, database: Database, clock: DomainClock) -> None:
        self._database, self._clock = database, clock
        self.told: list[Told] = []
        self._open: dict[Key, Episode] = {}
        self._present: Counter[str] = Counter()  # of open episodes whose condition lasts, by source

    async def load(self, session: AsyncSession) -> None:
        """Take up what is open, after a start."""
        self._open = {_key(episode): episode for episode in await store.load_open(session)}
        self._present = Counter(episode.source for episode in self._open.values() if episode.is_present)

    def listed(self) -> list[Episode]:
        """The operator's list: the most urgent first, then the newest."""
        shown = [episode for episode in self._open.values() if episode.is_listed]
        return sorted(shown, key=lambda episode: (episode.priority, -episode.raised_at.timestamp(), episode.id))

    def faulty(self) -> Iterable[str]:
        """The sources of which a condition lasts."""
        return self._present.keys()

    def count(self, state: State, sees: Callable[[str], bool]) -> int:
        """How many episodes of sources that are seen stand in a state."""
        return sum(episode.state is state and sees(episode.source) for episode in self._open.values())

    async def find(self, episode_id: str) -> Episode:
        """An episode by its id. Raises NotThere."""
        async with self._database.read() as session:
            found = await store.load(session, episode_id)
        if found is None:
            raise NotThere(f"there is no alarm {episode_id}")
        return found

    async def note(self, session: AsyncSession, findings: Sequence[Finding]) -> Sequence[Episode]:
        """Write down what rules have found; pass the result to `keep` after the commit."""
        raised = [_episode_id(finding) for finding in findings if finding.event is Event.RAISED]
        known = await store.load_known(session, raised)
        changed: dict[Key, Episode] = {}
        over: list[Episode] = []
        for finding in findings:
            before = changed.get(_source(finding), self._open.get(_source(finding)))
            after = _noted(before, finding, known)
            if after is None or after is before:
                continue
            if before is not None and before.is_over:
                over.append(before)
            changed[_source(finding)] = after
        episodes = [*over, *changed.values()]
        await store.save(session, episodes)
        return episodes

    async def end_retired(self, living: Container[str]) -> None:
        """What is no longer in the city cannot be broken: its episodes go back to normal."""
        now = self._clock.now()
        gone = [episode for episode in self._open.values() if episode.is_present and episode.source not in living]
        ended = [life.returned(episode, now) for episode in gone]
        async with self._database.write() as session:
            await store.save(session, ended)
        self.keep(ended)

    async def acknowledge(self, episode_id: str, who: str, comment: str | None) -> Episode:
        """Somebody has seen an episode. Raises NotThere."""
        async with self._database.write() as session:
            before = await store.load(session, episode_id)
            if before is None:
                raise NotThere(f"there is no alarm {episode_id}")
            now = self._clock.now()
            after = life.acknowledged(before, who, comment, now)
            if after is before:
                return before
            await store.save(session, [after])
            parameters = written({"alarm": after.id})
            entry = Entry(now, who, Act.ACKNOWLEDGE, after.source, comment or "", str(after.state), parameters)
            await append(session, entry)
        self.keep([after])
        return after

    def keep(self, episodes: Sequence[Episode]) -> None:
        """Follow episodes from here on, as they are now committed."""
        for episode in episodes:
            self._replace(episode)
        for told in self.told if episodes else ():
            told(episodes)

    def _replace(self, episode: Episode) -> None:
        held = self._open.pop(_key(episode), None)
        self._present[episode.source] -= int(held is not None and held.is_present)
        if not episode.is_over:
            self._open[_key(episode)] = episode
            self._present[episode.source] += int(episode.is_present)
        if not self._present[episode.source]:
            del self._present[episode.source]


def _noted(before: Episode | None, finding: Finding, known: Mapping[str, Episode]) -> Episode | None:
    """What becomes of the open episode of a source, or the new one; `None` when there is nothing to say."""
    if before is not None and not before.is_over:
        return life.raised_again(before) if finding.event is Event.RAISED else life.returned(before, finding.at)
    if finding.event is not Event.RAISED:
        return None
    same = known.get(_episode_id(finding))
    if same is None:
        return _raised(finding)
    return None if before is not None or same.is_over else same  # it is open: we were not told of its commit


def _raised(finding: Finding) -> Episode:
    return Episode(
        id=_episode_id(finding),
        rule=finding.rule,
        source=finding.source,
        priority=finding.priority,
        state=alarms.after(State.NORMAL, Event.RAISED),
        raised_at=finding.at,
        words=finding.words,
        longitude=finding.longitude,
        latitude=finding.latitude,
    )


def _episode_id(finding: Finding) -> str:
    return alarms.episode_id(finding.rule, finding.source, finding.at)


def _key(episode: Episode) -> Key:
    return episode.rule, episode.source


def _source(finding: Finding) -> Key:
    return finding.rule, finding.source
