"""Whose city is it? A plan belongs to a whole city, so it takes a right over the whole of it."""

from typing import Annotated

from cloud.fleet.access import SeenCity, city_with
from cloud.people.rights import Right

__all__ = ["ApprovedCity", "PlannedCity", "SeenCity", "SentCity"]

PlannedCity = Annotated[str, city_with(Right.PLAN_LIGHT)]
ApprovedCity = Annotated[str, city_with(Right.APPROVE_LIGHT)]
SentCity = Annotated[str, city_with(Right.SEND_LIGHT)]
