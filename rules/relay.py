"""What a luminaire that can only be switched does with a level."""

from protocols.inventory import Control

FULL = 100.0
OFF = 0.0


def carried_out(control: Control, level: float) -> float:
    """The level (%) that a luminaire really takes when this one is wanted.

    A relay is on at any level above 0: whoever dims a road to 30 % wants less light and no dark road, and a luminaire
    below its programme is worse than one above it. Part-night lighting is planned as 0. The round-up comes last, after
    ladder, ramps and outputs, so it holds for overrides and adaptations, too.
    """
    if control == "dimmable":
        return level
    return FULL if level > 0 else OFF
