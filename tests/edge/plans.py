"""A small street with a plan: what an edge is told to do with four luminaires, in few words."""

from datetime import UTC, date, datetime, time
from pathlib import Path

from edge_agent.config import EdgeConfig, parse_config
from protocols.inventory import Name, Place
from protocols.light import Adaptation, LampSet, LightDocument, Programme, Sense, Step, Stretch, SunEvent

HALONG = Place(longitude=107.08, latitude=20.95)
FIRST = date(2026, 2, 1)
NAME = Name(vi="Đêm", en="Night")

_CONFIG = """\
edge: HL-E01
site: halong
position: {longitude: 107.08, latitude: 20.95}
timezone: Asia/Ho_Chi_Minh
broker: {host: 127.0.0.1}
data: unused
buses:
  - id: B
    address: "127.0.0.1:1"
    poll_every: 10s
    devices:
      - {id: L1, profile: haidang-segment-controller, unit: 17, block: 0}
      - {id: L2, profile: haidang-segment-controller, unit: 17, block: 1}
      - {id: L3, profile: haidang-segment-controller, unit: 17, block: 2}
      - {id: L4, profile: haidang-segment-controller, unit: 17, block: 3}
      - {id: W1, profile: renke-air-station, unit: 5}
"""

ROAD = Programme(
    id="road",
    name=NAME,
    steps=(
        Step(sun=SunEvent.SUNSET, level=100, ramp_s=60),
        Step(at=time(22), level=50, ramp_s=600),
        Step(at=time(5), level=80),
        Step(sun=SunEvent.SUNRISE, level=0),
    ),
)
BRIGHT = Programme(
    id="bright",
    name=NAME,
    steps=(Step(sun=SunEvent.SUNSET, offset_min=-10, level=100), Step(sun=SunEvent.SUNRISE, level=0, ramp_s=120)),
)
PARK = Programme(
    id="park",
    name=NAME,
    steps=(Step(sun=SunEvent.CIVIL_DUSK, level=70), Step(at=time(23), level=0)),
)
HUMID = Adaptation(
    id="humid",
    name=NAME,
    source="W1",
    quantity="relative_humidity",
    sense=Sense.ABOVE,
    limit=95,
    clear=90,
    hold_s=900,
    ramp_s=30,
    level=90,
)


def config(folder: Path) -> EdgeConfig:
    """The edge, with its data in a folder."""
    return parse_config(_CONFIG, "edge.yaml").model_copy(update={"data": folder / "edge.sqlite"})


def plan(release: str = "1", road: str = "road", nights: int = 400) -> LightDocument:
    """L1 and L2 are a road, of which L2 can only be switched; L3 is a park; L4 stands in no set."""
    return LightDocument(
        release=release,
        made_at=datetime(2026, 1, 31, tzinfo=UTC),
        timezone="Asia/Ho_Chi_Minh",
        place=HALONG,
        first_night=FIRST,
        programmes=(ROAD, BRIGHT, PARK),
        sets=(
            LampSet(
                id="road",
                stretches=(
                    Stretch(programme=road, nights=10),
                    Stretch(programme="bright", is_exception=True, nights=3),
                    Stretch(programme=road, nights=nights - 13),
                ),
                adaptations=(HUMID,),
                lamps={"L1": 80, "L2": 100},
            ),
            LampSet(id="park", stretches=(Stretch(programme="park", nights=nights),), lamps={"L3": 100}),
        ),
        relays=("L2",),
    )
