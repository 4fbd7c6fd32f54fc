"""People and sessions as the console sees them."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from cloud.people.rights import Right, Role
from protocols.inventory import Name
from protocols.names import Words
from rules.areas import Area


def _area(text: str) -> str:
    return str(Area.parse(text))


Language = Literal["vi", "en"]
AreaPath = Annotated[str, AfterValidator(_area)]


class Credentials(BaseModel):
    username: Words = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=200)


class NewPassword(BaseModel):
    """Instead of the current one; `rules/passwords.py` says which are taken."""

    model_config = ConfigDict(extra="forbid")

    current: str = Field(min_length=1, max_length=200)
    new: str = Field(min_length=1, max_length=200)

    @model_validator(mode="after")
    def _is_another(self) -> Self:
        if self.new == self.current:
            raise ValueError("this is the current password; choose another")
        return self


class GrantOut(BaseModel):
    """A role over an area: `/` is the province, `/city` a city, `/city/ward` a ward."""

    model_config = ConfigDict(extra="forbid")

    role: Role
    area: AreaPath


class MySite(BaseModel):
    """A city of which somebody sees something."""

    id: str
    name: Name


class Me(BaseModel):
    """Who is signed in. `role` is that of the widest grant, `rights` are what is held somewhere in these cities.

    `held_for` says what has to be done before anything else: another password than that for once, or a second factor.
    """

    username: str
    display_name: str
    role: Role
    grants: list[GrantOut]
    rights: list[Right]
    sites: list[MySite]
    language: Language
    held_for: Literal["password", "factor"] | None
