"""What an import says of itself, in JSON."""

from collections.abc import Sequence

from pydantic import BaseModel, Field

from cloud.errors import ErrorDetail
from cloud.fleet.areas import Areas
from protocols.inventory import City, Control
from protocols.lamp_table import Mistake, MistakeCode
from rules.fleet_import import Judged, Merged, strays

MOST_TOLD = 1000


class ProblemOut(BaseModel):
    """One mistake. `row` counts as a spreadsheet does, with the head as row 1; in GeoJSON it is the feature's place,
    from 1. Without a `column` it is about the whole row or file. `figures` are the code's: what would be right."""

    row: int
    column: str
    value: str
    code: MistakeCode
    figures: dict[str, float | str]


class ImportOut(BaseModel):
    """What a table changes, in luminaires. With `problems` nothing is written, and the counts are those of the rows
    that are right; `version` is the inventory's that is taken up now, without one nothing has changed."""

    rows: int
    added: int
    changed: int
    unchanged: int
    retired: int
    problems: list[ProblemOut] = Field(description=f"the first {MOST_TOLD}")
    problems_total: int
    version: int | None = None


class OutlineOut(BaseModel):
    """A ward's outline as it is kept."""

    ward: str
    polygons: int
    corners: int


class StrayOut(BaseModel):
    """A luminaire outside its ward, and the ward in which it stands, if it does in any."""

    lamp: str
    ward: str
    right: str | None


class AreasOut(BaseModel):
    """What outlines change. Luminaires outside their ward are named and hinder nothing; `version` as of an import."""

    wards: list[OutlineOut]
    strays: list[StrayOut] = Field(description=f"the first {MOST_TOLD}")
    strays_total: int
    problems: list[ProblemOut]
    problems_total: int
    version: int | None = None


class BadImportDetail(ErrorDetail):
    """With what a dry run would have told."""

    told: ImportOut = Field(alias="import")


class BadImportOut(BaseModel):
    """Why an import was refused. Nothing of it was written."""

    detail: BadImportDetail | ErrorDetail


class BadAreasDetail(ErrorDetail):
    """With what a dry run would have told."""

    told: AreasOut = Field(alias="import")


class BadAreasOut(BaseModel):
    """Why outlines were refused. Nothing of them was written."""

    detail: BadAreasDetail | ErrorDetail


class TypeOut(BaseModel):
    """A type of luminaire, and how many hang in the city. `expected_power` is a curve of (level %, W)."""

    id: str
    rated_power_w: float
    expected_power: list[tuple[float, float]]
    warm_up_s: float
    control: Control
    driver: str | None
    lamps: int


def import_out(judged: Judged, change: Merged) -> ImportOut:
    """What a table would change."""
    return ImportOut(
        rows=judged.rows,
        added=len(change.added),
        changed=len(change.changed),
        unchanged=len(change.unchanged),
        retired=len(change.retired),
        problems=problems_out(judged.mistakes),
        problems_total=len(judged.mistakes),
    )


def areas_out(found: Areas, city: City) -> AreasOut:
    """What outlines would change; `city` is the city with them."""
    lamps = city.luminaires
    stray = [
        StrayOut(lamp=lamps[one.place].id, ward=lamps[one.place].ward, right=one.right) for one in strays(city, lamps)
    ]
    return AreasOut(
        wards=[
            OutlineOut(ward=ward, polygons=len(outline), corners=sum(len(ring) for rings in outline for ring in rings))
            for ward, outline in found.outlines.items()
        ],
        strays=stray[:MOST_TOLD],
        strays_total=len(stray),
        problems=problems_out(found.mistakes),
        problems_total=len(found.mistakes),
    )


def problems_out(mistakes: Sequence[Mistake]) -> list[ProblemOut]:
    """The first of them."""
    return [ProblemOut.model_validate(one, from_attributes=True) for one in mistakes[:MOST_TOLD]]
