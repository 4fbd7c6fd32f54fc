"""A city of many luminaires, its table, and the mistakes that people make in one."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence

from protocols.inventory import Cabinet, City, Luminaire, LuminaireType, Name, Place, Ward
from protocols.lamp_table import COLUMNS, MistakeCode, csv_text
from rules.lamp_cells import PHASES

NAME = Name(vi="Hạ Long", en="Ha Long")
HERE = Place(longitude=107.08, latitude=20.95)
OUTLINE = ((107.05, 20.9), (107.2, 20.9), (107.2, 21.0), (107.05, 21.0), (107.05, 20.9))
OTHER = ((107.2, 20.9), (107.3, 20.9), (107.3, 21.0), (107.2, 21.0), (107.2, 20.9))
OF_ONE_SEGMENT = 25
LED = LuminaireType(id="LED-90", rated_power_w=90, expected_power=((0, 1), (100, 90)))


def lamp(n: int) -> Luminaire:
    """The n-th, from 0: four segments of a cabinet on its phases, a street for each cabinet, 30 m apart."""
    segment = n // OF_ONE_SEGMENT
    cabinet = segment // len(PHASES)
    return Luminaire(
        id=f"HL-{n:06d}",
        cabinet=f"TC{cabinet:03d}",
        phase=PHASES[segment % len(PHASES)],
        segment=f"S{segment:04d}",
        pole=f"P{n:05d}",
        type="LED-90",
        ward="W1",
        street=f"Phố {cabinet}",
        longitude=round(107.06 + n % 300 * 0.0003, 7),
        latitude=round(20.91 + n // 300 * 0.0003, 7),
        road_class="M4",
    )


def big_city(lamps: int = 10_000) -> City:
    """With a ward in which all of them stand, and one beside it."""
    cabinets = range(lamps // (OF_ONE_SEGMENT * len(PHASES)) + 1)
    return City(
        site="halong",
        name=NAME,
        timezone="Asia/Ho_Chi_Minh",
        centre=HERE,
        survey=NAME,
        wards=(
            Ward(id="W1", name=NAME, label_at=HERE, outline=((OUTLINE,),)),
            Ward(id="W2", name=NAME, label_at=HERE, outline=((OTHER,),)),
        ),
        luminaire_types=(LED,),
        edges=("E1",),
        cabinets=tuple(
            Cabinet(id=f"TC{n:03d}", edge="E1", ward="W1", street="x", longitude=107.08, latitude=20.95)
            for n in cabinets
        ),
        luminaires=tuple(map(lamp, range(lamps))),
    )


Rows = list[dict[str, str]]


def rows_of(lamps: Sequence[Luminaire]) -> Rows:
    """As a person sees them in a spreadsheet."""
    return list(csv.DictReader(io.StringIO("".join(csv_text(lamps)).removeprefix("\ufeff"), newline="")))


def as_csv(rows: Rows, columns: Sequence[str] = COLUMNS) -> bytes:
    """As the spreadsheet writes them."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _same_id(rows: Rows) -> None:
    rows[2700]["id"] = rows[10]["id"]


def _same_pole(rows: Rows) -> None:
    rows[3000]["pole"], rows[3000]["street"] = rows[40]["pole"], rows[40]["street"]


def _exchange(rows: Rows) -> None:
    rows[1900]["longitude"], rows[1900]["latitude"] = rows[1900]["latitude"], rows[1900]["longitude"]


def _put(row: int, column: str, value: str) -> Callable[[Rows], None]:
    def put(rows: Rows) -> None:
        rows[row][column] = value

    return put


SEEDED: Mapping[tuple[int, str, MistakeCode], Callable[[Rows], None]] = {
    (102, "longitude", MistakeCode.NOT_A_NUMBER): _put(100, "longitude", "107.O8"),
    (203, "latitude", MistakeCode.DECIMAL_COMMA): _put(201, "latitude", "20,95"),
    (302, "longitude", MistakeCode.MISSING): _put(300, "longitude", ""),
    (502, "longitude", MistakeCode.OUTSIDE_CITY): _put(500, "longitude", "108.5"),
    (602, "latitude", MistakeCode.OUTSIDE_CITY): _put(600, "latitude", "19"),
    (702, "ward", MistakeCode.OUTSIDE_WARD): _put(700, "ward", "W2"),
    (802, "cabinet", MistakeCode.UNKNOWN_CABINET): _put(800, "cabinet", "TC0O1"),
    (902, "type", MistakeCode.UNKNOWN_TYPE): _put(900, "type", "LED-9O"),
    (1002, "ward", MistakeCode.UNKNOWN_WARD): _put(1000, "ward", "W11"),
    (1102, "phase", MistakeCode.UNKNOWN_PHASE): _put(1100, "phase", "L1"),
    (1202, "segment", MistakeCode.UNKNOWN_SEGMENT): _put(1200, "segment", "S00O1"),
    (1302, "road_class", MistakeCode.UNKNOWN_ROAD_CLASS): _put(1300, "road_class", "M7"),
    (1402, "use", MistakeCode.UNKNOWN_USE): _put(1400, "use", "moat"),
    (1502, "installed_on", MistakeCode.BAD_DATE): _put(1500, "installed_on", "31/05/2024"),
    (1602, "height_m", MistakeCode.OUT_OF_RANGE): _put(1600, "height_m", "900"),
    (1702, "street", MistakeCode.NUL): _put(1700, "street", "Trần\0Phú"),
    (1802, "pole", MistakeCode.TOO_LONG): _put(1800, "pole", "P" * 41),
    (1902, "longitude", MistakeCode.EXCHANGED): _exchange,
    (2002, "id", MistakeCode.BAD_ID): _put(2000, "id", "HL 2000"),
    (2102, "id", MistakeCode.ID_TAKEN): _put(2100, "id", "MC-000001"),
    (2202, "segment", MistakeCode.SEGMENT_TAKEN): _put(2200, "segment", "MC-TC001-A"),
    (2302, "cabinet", MistakeCode.SEGMENT_ON_TWO_CABINETS): _put(2300, "cabinet", "TC001"),
    (2402, "phase", MistakeCode.SEGMENT_ON_TWO_PHASES): _put(2400, "phase", "B"),
    (2702, "id", MistakeCode.ID_TWICE): _same_id,
    (3002, "pole", MistakeCode.POLE_IN_TWO_PLACES): _same_pole,
}


def with_mistakes(rows: Rows) -> Rows:
    """All of them at once."""
    for spoil in SEEDED.values():
        spoil(rows)
    return rows
