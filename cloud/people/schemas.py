"""People and sessions as the console sees them."""

from typing import Literal

from pydantic import BaseModel, Field

from cloud.people.rights import Right, Role
from protocols.names import Words

Language = Literal["vi", "en"]


class Credentials(BaseModel):
    username: Words = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=200)


class Me(BaseModel):
    """Who is signed in."""

    username: str
    display_name: str
    role: Role
    rights: list[Right]
    language: Language
