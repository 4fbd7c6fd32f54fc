"""A forgotten password as the console asks for it."""

from pydantic import BaseModel, ConfigDict, Field

from protocols.names import Words


class ResetAsked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    username: Words = Field(min_length=1, max_length=64)


class ResetIn(BaseModel):
    """`token` stands in the link that was sent."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(min_length=1, max_length=200)
    new: str = Field(min_length=1, max_length=200)


class ResetTaken(BaseModel):
    """The same whoever was asked for. `lasts_s` is how long a link is good, if one was sent."""

    lasts_s: int
