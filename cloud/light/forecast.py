"""What a plan does in a night, group by group, and what that takes."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from cloud.aside import aside
from cloud.database import Database
from cloud.fleet.fleet import Fleet
from cloud.fleet.roll import Places
from cloud.light import store
from cloud.light.checking import Checking
from cloud.light.delivery import Delivery
from cloud.light.drafts import EMPTY, plan_of
from cloud.light.membership import Members
from cloud.light.schemas import GroupNightOut, NightOut, PointOut, Saved
from protocols.inventory import City
from protocols.light import Calendar, LampGroup, LightPlan, Programme
from rules.calendars import programme_of, rule_of
from rules.light_documents import Sent
from rules.light_energy import full_light, night_kwh, saving
from rules.nights import Curve, Point, curve, darkness_of
from rules.road_class import reached
from rules.sun import Darkness


class Forecast:
    """For the calendar screen."""

    def __init__(self, database: Database, fleet: Fleet, checking: Checking, delivery: Delivery) -> None:
        self._database, self._fleet, self._checking, self._delivery = database, fleet, checking, delivery

    async def night(self, site: str, night: date, of: Saved) -> NightOut:
        """A night of the draft as it is saved, or of what is in force."""
        sent = self._delivery.sent.get(site)
        if of == "in_force":
            return await self._in_force(site, night, sent) if sent else await self.night_of(site, night, EMPTY)
        async with self._database.read() as session:
            plan = plan_of(await store.load_draft(session, site))
        return await self.night_of(site, night, plan)

    async def night_of(self, site: str, night: date, plan: LightPlan) -> NightOut:
        """A night of a plan, with the luminaires that its groups have now."""
        return await self._night(site, night, plan, await self._checking.members(site, plan))

    async def _in_force(self, site: str, night: date, sent: Sent) -> NightOut:
        """With the luminaires that it was sent with."""
        roll = self._fleet.roll_of(site)
        members = {group: Members(roll.places(lamps), 0) for group, lamps in sent.members.items()}
        return await self._night(site, night, sent.plan, members)

    async def _night(self, site: str, night: date, plan: LightPlan, members: Mapping[str, Members]) -> NightOut:
        sky = _Sky(self._fleet.sites[site], night)
        return await aside(lambda: _night(plan, sky, members))


@dataclass(frozen=True, slots=True)
class _Sky:
    """Where and when a night is."""

    city: City
    night: date

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.city.timezone)

    @property
    def sun(self) -> Darkness | None:
        return darkness_of(self.night, self.city.centre, self.zone)


def _night(plan: LightPlan, sky: _Sky, members: Mapping[str, Members]) -> NightOut:
    sun = sky.sun
    programmes = {one.id: one for one in plan.programmes}
    calendars = {one.id: one for one in plan.calendars if _is_whole(one, programmes)}
    return NightOut(
        night=sky.night,
        sunset=sun and sun.sunset,
        sunrise=sun and sun.sunrise,
        civil_dusk=sun and sun.civil_dusk,
        civil_dawn=sun and sun.civil_dawn,
        groups=[
            _group(group, calendars[group.calendar], programmes, sky, members[group.id].lamps)
            for group in plan.groups
            if group.calendar in calendars
        ],
    )


def _is_whole(calendar: Calendar, programmes: Mapping[str, Programme]) -> bool:
    """False for a calendar that names a programme which is not there: a plan may be half done."""
    return {calendar.programme, *(rule.programme for rule in calendar.rules)} <= programmes.keys()


def _group(
    group: LampGroup, calendar: Calendar, programmes: Mapping[str, Programme], sky: _Sky, lamps: Places
) -> GroupNightOut:
    programme, is_exception = programme_of(calendar, sky.night)
    rule = rule_of(calendar, sky.night)
    shape = curve(programmes[programme], sky.night, sky.city.centre, sky.zone)
    kwh, full = _energy(group, shape, sky, lamps)
    return GroupNightOut(
        id=group.id,
        name=group.name,
        lamps=len(lamps),
        road_class=group.road_class,
        programme=programme,
        is_exception=is_exception,
        exception_name=rule.name if rule and is_exception else None,
        points=[_point(point, group) for point in shape.points],
        kwh=round(kwh, 3),
        kwh_full=round(full, 3),
        saving=saving(kwh, full),
    )


def _point(point: Point, group: LampGroup) -> PointOut:
    """A road has its designed class at 100 % of the virtual output, which trims what was built too bright."""
    known = reached(group.road_class, point.level) if group.road_class else None
    return PointOut(at=point.at, level=point.level, ramp_s=point.ramp_s, road_class_reached=known)


def _energy(group: LampGroup, shape: Curve, sky: _Sky, lamps: Places) -> tuple[float, float]:
    """kWh of a group in a night, and what full light from sunset to sunrise takes."""
    kinds = {kind.id: kind for kind in sky.city.luminaire_types}
    counted = Counter(sky.city.luminaires[place].type for place in lamps.tolist())
    full = full_light(sky.night, sky.city.centre, sky.zone)
    hung = [(kinds[kind], number) for kind, number in counted.items()]
    kwh = sum(n * night_kwh(shape, kind.expected_power, group.virtual_output, kind.control) for kind, n in hung)
    return kwh, sum(n * night_kwh(full, kind.expected_power) for kind, n in hung)
