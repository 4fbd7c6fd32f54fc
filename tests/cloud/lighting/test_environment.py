"""The overview shows what every station last measured, also when only one of them was heard of."""

import numpy as np

from cloud.fleet.fleet import Device, Fleet
from cloud.fleet.view import View
from cloud.latest.values import LatestValues, Rows
from cloud.lighting.environment import Environment
from protocols.inventory import Name, Station
from tests.cloud.cities import small_city
from tests.cloud.clocks import EVENING

AT = int(EVENING.timestamp())


EVERYTHING = View(Fleet([small_city()], 1))


def station(name: str, kind: str) -> Station:
    place = {"longitude": 107.0, "latitude": 20.9}
    return Station.model_validate(
        {"id": name, "edge": "E", "ward": "W", "kind": kind, "name": Name(vi="t", en="s"), **place}
    )


def take(latest: LatestValues, kind: str, name: str, at: int, **values: float) -> None:
    columns = latest.kinds[kind]
    numbers, flags = [[value] for value in values.values()], np.ones((len(values), 1), dtype=np.uint8)
    columns.take(Rows(np.array([columns.places[name]]), np.array([at]), list(values), np.array(numbers), flags))


def test_each_station_is_shown_with_its_newest_values_in_the_order_of_the_inventory() -> None:
    stations = [station("A1", "air_station"), station("W1", "water_station"), station("A2", "air_station")]
    latest = LatestValues([Device(one.id, one.kind, one.edge) for one in stations])
    environment = Environment(stations, latest)

    def shown() -> list[tuple[str, object, dict[str, float | None]]]:
        return [(one.id, one.at, one.values) for one in environment.look(EVERYTHING)]

    assert shown() == [("A1", None, {}), ("W1", None, {}), ("A2", None, {})]
    take(latest, "air_station", "A2", AT, noise=50.0)
    assert shown() == [("A1", None, {}), ("W1", None, {}), ("A2", EVENING, {"noise": 50.0})]
    take(latest, "air_station", "A2", AT, pm10=20.0)  # the same second, in another table
    take(latest, "water_station", "W1", AT, ph=7.0)
    assert shown()[1:] == [("W1", EVENING, {"ph": 7.0}), ("A2", EVENING, {"noise": 50.0, "pm10": 20.0})]
    take(latest, "air_station", "A2", AT - 60, noise=10.0)  # late
    assert shown()[2] == ("A2", EVENING, {"noise": 50.0, "pm10": 20.0})
