"""Tables as a batch carries them."""

from collections.abc import Mapping, Sequence

from protocols.readings import Table

Row = tuple[str, int, Mapping[str, float | None]]


def table(kind: str, rows: Sequence[Row], flags: Mapping[str, int] | None = None) -> Table:
    """Rows of (device, second, values) that all have the same quantities; a value of `None` is MISSING."""
    quantities = tuple(rows[0][2])
    values = [[row[2][q] for row in rows] for q in quantities]
    marks = [
        [9 if value is None else (flags or {}).get(q, 1) for value in column]
        for q, column in zip(quantities, values, strict=True)
    ]
    return Table(kind, quantities, [row[0] for row in rows], [row[1] for row in rows], values, marks)


def voltage(device: str, at: Sequence[int], values: Sequence[float | None]) -> Table:
    """One lamp's voltage."""
    return table("luminaire", [(device, moment, {"voltage": value}) for moment, value in zip(at, values, strict=True)])
