"""What a technician reads: where, what is broken, what to bring, and where to look."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from cloud.alarms.episode import Episode

Language = Literal["vi", "en"]

_LABELS: dict[Language, tuple[str, str, str, str, str]] = {
    "vi": ("Ở đâu", "Từ lúc", "Vì sao", "Cần mang", "Xem"),
    "en": ("Where", "Since", "Why", "Bring", "Look"),
}
_MOMENT: dict[Language, str] = {"vi": "%H:%M ngày %d/%m/%Y", "en": "%H:%M on %d %B %Y"}


@dataclass(frozen=True, slots=True)
class Message:
    """One message, as plain text in both languages."""

    subject: str
    body: str


def about(episode: Episode, timezone: ZoneInfo, console: str) -> Message:
    """The message about an episode."""
    title, place = episode.words.title, episode.words.place
    link = f"{console}/#/alarms/lamp/{episode.source}"
    parts = [_part(language, episode, timezone, link) for language in ("vi", "en")]
    return Message(f"{title.vi} / {title.en}: {episode.source}, {place.vi}", "\n\n".join(parts) + "\n")


def _part(language: Language, episode: Episode, timezone: ZoneInfo, link: str) -> str:
    words = episode.words
    texts = [getattr(text, language) for text in (words.title, words.place, words.reason, words.advice)]
    title, place, reason, advice = texts
    said = (place, _local(language, episode.raised_at, timezone), reason, advice, link)
    lines = [f"{label}: {text}" for label, text in zip(_LABELS[language], said, strict=True)]
    return "\n".join([f"{title}: {episode.source}", *lines])


def _local(language: Language, at: datetime, timezone: ZoneInfo) -> str:
    return at.astimezone(timezone).strftime(_MOMENT[language])
