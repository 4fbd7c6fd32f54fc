"""An edge's status for the person before it: what is wrong first, then the figures."""

from collections.abc import Iterator, Mapping
from typing import Any

from rules.clock_trust import Trust

_MB = 1e6


def told(status: Mapping[str, Any]) -> Iterator[str]:
    """Lines of plain text, from what `status_door.ask` brought."""
    yield f"{status['edge']}  {status['software']}  {'connected' if status['connected'] else 'ALONE: no connection'}"
    yield from _clock(status["clock"])
    for name, digest in status["documents"].items():
        yield f"document {name} {digest[:8]} is in force"
    for name, reason in status["refused"].items():
        yield f"document {name} IS REFUSED: {reason}"
    yield from _light(status["light"])
    yield from _outbox(status)
    yield from _buses(status)
    yield from _machine(status["machine"])


def _clock(clock: Mapping[str, Any]) -> Iterator[str]:
    offset = clock["offset_s"]
    beside = "not compared with the cloud" if offset is None else f"{offset:+.1f} s beside the cloud's"
    yield f"clock {Trust(clock['trust']).name.lower()}, the machine's is {beside}"


def _light(light: Mapping[str, Any]) -> Iterator[str]:
    plan = f"plan {light['release']}, until the night of {light['last_night']}" if light["release"] else "no plan"
    lamps = ", ".join(f"{number} by {reason}" for reason, number in sorted(light["lamps"].items()))
    yield f"light: {plan}; {lamps or 'no luminaires'}"


def _outbox(status: Mapping[str, Any]) -> Iterator[str]:
    for stream, shelf in status["shelves"].items():
        waits = status["waits_s"][stream]
        depth = shelf["next"] - shelf["first"]
        since = f" for {waits:.0f} s" if waits is not None else ""
        dropped = f", {shelf['dropped']} DROPPED" if shelf["dropped"] else ""
        yield f"outbox {stream:8} {depth} batches wait{since}, {shelf['bytes'] / _MB:.1f} MB{dropped}"
    if status["lost"]:
        yield f"outbox: {status['lost']} readings LOST, the disk did not take them"


def _buses(status: Mapping[str, Any]) -> Iterator[str]:
    for name, counts in status["buses"].items():
        silent = status["silent_units"][name]
        yield (
            f"bus {name}: {counts['rounds']} rounds, {counts['late']} late, {counts['overtaken']} readings overtaken, "
            f"{silent} units silent"
        )
        strange = counts["strange"]
        if any(strange.values()):
            yield (
                f"    strange on the line: {strange['stray']} answers to nothing asked, {strange['spoilt']} spoilt, "
                f"{strange['noise']} bytes of noise"
            )
        for unit, failures in sorted(counts["failures"].items(), key=lambda one: -one[1]):
            if failures:
                yield f"    unit {unit}: {failures} requests failed"
    for name, counts in status["lines"].items():
        yield f"link {name}: {counts['messages']} messages, {status['silent_units'][name]} devices out of contact"


def _machine(machine: Mapping[str, Any]) -> Iterator[str]:
    words = {"processor_load": "% of a core", "memory_used": "MB of memory", "disk_free": "MB free on the disk"}
    known = [f"{machine[name]:g} {unit}" for name, unit in words.items() if machine[name] is not None]
    yield ", ".join(known)
