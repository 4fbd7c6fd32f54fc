"""A luminaire in a segment, made for a test."""

from datetime import UTC, datetime

from firmware_sim.luminaire import LampState, Luminaire, PowerCurve, Segment
from firmware_sim.sky import Sky
from protocols.inventory import LuminaireType, Place

HALONG = Place(longitude=107.07, latitude=20.95)
LED_100 = LuminaireType(
    id="LED-100", rated_power_w=100, expected_power=((0.5, 4.0), (25, 28.0), (50, 52.0), (75, 76.0), (100, 100.0))
)


def unix(text: str) -> float:
    """`2026-11-21T13:00` UTC in Unix seconds."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


NOON = unix("2026-11-21T05:00")
EVENING = unix("2026-11-21T13:00")


def lamp(at: float, programme: float | None = None, level: float = 0.0) -> Luminaire:
    """A 100 W lamp alone in its segment, whose edge was heard at `at`."""
    segment = Segment(Sky(HALONG), heard=at)
    state = LampState(at=at, programme=programme, level=level)
    found = Luminaire("HL-000001", PowerCurve(LED_100), segment, state, seed=7)
    segment.lamps.append(found)
    return found
