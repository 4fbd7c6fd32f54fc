"""Constant light output: a luminaire is held down while it gives more light than it will at the end of its life."""

MAINTAINED = 0.8  # share of its first light that a luminaire still gives at the end: L80, IEC 62722-2-1
LIFE_H = 100_000.0  # burning hours to there, as makers of road luminaires rate them


def held_down(burnt_h: float | None) -> float:
    """The share of full power's light at which it gives what it will give at the end of its life.

    Light falls in a line with the burning hours. Of unknown hours it is 1: too bright rather than too dark.
    """
    if burnt_h is None:
        return 1.0
    gives = 1.0 - (1.0 - MAINTAINED) * min(max(burnt_h, 0.0), LIFE_H) / LIFE_H
    return MAINTAINED / gives
