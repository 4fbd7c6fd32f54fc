"""Words in both languages of the console."""

from typing import Protocol, Self

from pydantic import BaseModel, ConfigDict


class Bilingual(Protocol):
    """Anything that is said in both languages."""

    @property
    def vi(self) -> str: ...

    @property
    def en(self) -> str: ...


class Text(BaseModel):
    """A sentence or more, in Vietnamese and in English."""

    model_config = ConfigDict(frozen=True)

    vi: str
    en: str

    @classmethod
    def of(cls, said: Bilingual) -> Self:
        """The same words."""
        return cls(vi=said.vi, en=said.en)
