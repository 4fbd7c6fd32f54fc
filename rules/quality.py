"""How far a reading can be trusted: QARTOD's gross range test (IOOS, test 4 of the manuals), against the plausible
range of each quantity. What cannot be is still kept: flagged, it raises no alarm and enters no sum."""

from collections.abc import Mapping
from dataclasses import replace

from protocols.quantities import QUANTITIES
from protocols.readings import Quality, Reading

_LOW = {name: quantity.low for name, quantity in QUANTITIES.items()}
_HIGH = {name: quantity.high for name, quantity in QUANTITIES.items()}


def graded(reading: Reading) -> Reading:
    """The reading with every value outside its plausible range flagged SUSPECT; a worse flag stays."""
    suspect = {  # as is_plausible says; a call for each value costs more than the comparison
        name: Quality.SUSPECT
        for name, value in reading.values.items()
        if value is not None and not _LOW[name] <= value <= _HIGH[name]
    }
    return replace(reading, flags={**reading.flags, **suspect, **_worse(reading.flags)}) if suspect else reading


def doubted(reading: Reading) -> Reading:
    """The reading of a moment that nobody knows: every value is SUSPECT at best."""
    flags = {name: max(Quality.SUSPECT, reading.flag(name)) for name in reading.values}
    return replace(reading, flags=flags)


def is_plausible(name: str, value: float | None) -> bool:
    """Can a working device measure this? No value at all is nothing that cannot be."""
    quantity = QUANTITIES[name]
    return value is None or quantity.low <= value <= quantity.high


def _worse(flags: Mapping[str, Quality]) -> Mapping[str, Quality]:
    """Flags that say more than SUSPECT."""
    return {name: flag for name, flag in flags.items() if flag >= Quality.SUSPECT}
