"""Places, steps and programmes for the tests of how light is planned."""

from datetime import date, time
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from protocols.inventory import Name, Place
from protocols.light import Programme, Step, SunEvent

HA_LONG = Place(longitude=107.080, latitude=20.951)
BERLIN = Place(longitude=13.405, latitude=52.52)
TROMSO = Place(longitude=18.96, latitude=69.65)
HELSINKI_NORTH = Place(longitude=24.94, latitude=62.0)
VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
GERMANY = ZoneInfo("Europe/Berlin")
NORWAY = ZoneInfo("Europe/Oslo")
FINLAND = ZoneInfo("Europe/Helsinki")
CHATHAM = ZoneInfo("Pacific/Chatham")  # its clocks change at 02:45


def programme(*steps: Step) -> Programme:
    return Programme(id="p", name=Name(vi="p", en="p"), steps=steps)


def at(clock: str, level: float, ramp_s: int = 0) -> Step:
    return Step(at=time.fromisoformat(clock), level=level, ramp_s=ramp_s)


def sun(event: SunEvent, level: float, offset_min: int = 0, **more: object) -> Step:
    return Step.model_validate({"sun": event, "level": level, "offset_min": offset_min, **more})


minutes = st.integers(0, 1439).map(lambda n: time(n // 60, n % 60))
levels = st.floats(0, 100)
ramps = st.integers(0, 3600)
steps = st.builds(Step, at=minutes, level=levels, ramp_s=ramps) | st.builds(
    Step,
    sun=st.sampled_from(SunEvent),
    offset_min=st.integers(-180, 180),
    not_before=st.none() | minutes,
    not_after=st.none() | minutes,
    level=levels,
    ramp_s=ramps,
)
programmes = st.lists(steps, min_size=1, max_size=6).map(lambda some: programme(*some))
places = st.sampled_from([(HA_LONG, VIETNAM), (BERLIN, GERMANY), (TROMSO, NORWAY)]) | st.tuples(
    st.builds(Place, longitude=st.floats(-180, 180), latitude=st.floats(-90, 90)), st.just(VIETNAM)
)
nights = st.dates(date(2026, 3, 20), date(2026, 4, 5)) | st.dates(date(2026, 6, 15), date(2026, 6, 25))
