"""A small city: two edges with a cabinet each, and a handful of lamps."""

from pathlib import Path

from protocols.inventory import (
    Cabinet,
    Camera,
    City,
    Luminaire,
    LuminaireType,
    Meter,
    Name,
    Place,
    Station,
    Ward,
)

LED_100 = LuminaireType(
    id="led-100", rated_power_w=100, expected_power=((0, 1), (25, 27), (50, 51), (75, 76), (100, 100))
)


def lamp_id(n: int) -> str:
    """The n-th lamp, from 1."""
    return f"HL-{n:06d}"


def small_city(lamps: int = 6) -> City:
    """Odd lamps hang on the first cabinet, even ones on the second."""
    return City(
        site="halong",
        name=Name(vi="Hạ Long", en="Ha Long"),
        timezone="Asia/Ho_Chi_Minh",
        centre=Place(longitude=107.08, latitude=20.951),
        survey=Name(vi="đường tạo ra, chưa đo đạc", en="generated streets, not surveyed"),
        wards=(_ward("W1", "Phường Hồng Gai", "Hong Gai ward"), _ward("W2", "Phường Bãi Cháy", "Bai Chay ward")),
        luminaire_types=(LED_100,),
        edges=("HL-E01", "HL-E02"),
        cabinets=(_cabinet(1, "Trần Phú"), _cabinet(2, "Đường Hạ Long")),
        luminaires=tuple(_lamp(n) for n in range(1, lamps + 1)),
        meters=(Meter(id="HL-TC001-M", cabinet="HL-TC001"), Meter(id="HL-TC002-M", cabinet="HL-TC002")),
        stations=(
            Station(
                id="HL-AIR-01",
                edge="HL-E01",
                ward="W1",
                kind="air_station",
                name=Name(vi="Trạm không khí", en="Air station"),
                longitude=107.081,
                latitude=20.952,
            ),
        ),
        cameras=(
            Camera(
                id="HL-CAM-01",
                edge="HL-E01",
                ward="W1",
                name=Name(vi="Camera quảng trường", en="Square camera"),
                url="http://127.0.0.1/cam",
                longitude=107.082,
                latitude=20.953,
            ),
        ),
    )


def write_city(path: Path, city: City) -> None:
    """The inventory as the cloud imports it."""
    path.write_text(city.model_dump_json())


def _ward(ward_id: str, vi: str, en: str) -> Ward:
    return Ward(id=ward_id, name=Name(vi=vi, en=en), label_at=Place(longitude=107.08, latitude=20.95))


def _cabinet(n: int, street: str) -> Cabinet:
    return Cabinet(
        id=f"HL-TC{n:03d}", edge=f"HL-E{n:02d}", ward=f"W{n}", street=street, longitude=107.08, latitude=20.95
    )


def _lamp(n: int) -> Luminaire:
    cabinet = 2 - n % 2
    return Luminaire(
        id=lamp_id(n),
        cabinet=f"HL-TC{cabinet:03d}",
        phase="A",
        segment=f"HL-TC{cabinet:03d}-A",
        pole=f"P{n:03d}",
        type="led-100",
        ward=f"W{cabinet}",
        street="Trần Phú" if cabinet == 1 else "Đường Hạ Long",
        longitude=107.08 + n / 10_000,
        latitude=20.95,
    )


_ELSEWHERE = {
    "HL-": "MC-",
    '"W1"': '"M1"',
    '"W2"': '"M2"',
    "halong": "mongcai",
    "Hạ Long": "Móng Cái",
    "Ha Long": "Mong Cai",
    "Hồng Gai": "Móng Cái 1",
    "Hong Gai": "Mong Cai 1",
    "Bãi Cháy": "Móng Cái 2",
    "Bai Chay": "Mong Cai 2",
    "107.08": "107.97",
    "20.95": "21.53",
}


def second_city(lamps: int = 6) -> City:
    """The same city 150 km further, under other names."""
    text = small_city(lamps).model_dump_json()
    for here, there in _ELSEWHERE.items():
        text = text.replace(here, there)
    return City.model_validate_json(text)


def write_second_city(folder: Path, city: City | None = None) -> dict[str, object]:
    """Its inventory in a folder; returns what a service is told of it."""
    (folder / "mongcai").mkdir(exist_ok=True)
    write_city(folder / "mongcai" / "inventory.json", city or second_city())
    place = folder / "mongcai"
    return {"id": "mongcai", "inventory": place / "inventory.json", "basemap": place / "basemap.geojson"}
