"""What a sample costs on the wire: our columns beside a list of objects, both by orjson."""

from collections.abc import Iterator

import orjson

from protocols import wire
from protocols.readings import Reading, tables
from tests.bench.report import Figure, cpu_us

_LAMPS = 40
_QUANTITIES = ("actual_level", "active_power", "voltage", "active_energy", "gear_temperature")
_SAMPLES = _LAMPS * len(_QUANTITIES)


def run() -> Iterator[Figure]:
    """Encoding and decoding of 200 samples."""
    rows = [_reading(n) for n in range(_LAMPS)]
    payload = wire.seal(wire.Header("epoch", 1, 1), wire.encode_tables(tables(rows))[0])
    peer = orjson.dumps(_objects(rows))
    ours, theirs = cpu_us(lambda: wire.encode_tables(tables(rows))), cpu_us(lambda: orjson.dumps(_objects(rows)))
    yield from _pair("encode", ours, theirs)
    yield from _pair("decode_checked", cpu_us(lambda: wire.decode_batch(payload)), cpu_us(lambda: _decoded(peer)))
    yield Figure("ours_bytes_per_sample", len(payload) / _SAMPLES, "bytes", "list_of_objects", len(payload) / len(peer))


def _pair(what: str, ours: float, peer: float) -> Iterator[Figure]:
    name = f"list_of_objects_{what}_cpu_us_per_sample"
    yield Figure(f"ours_{what}_cpu_us_per_sample", ours / _SAMPLES, "us", name, ours / peer)
    yield Figure(name, peer / _SAMPLES, "us")


def _reading(n: int) -> Reading:
    values = (100.0, 118.4 + n / 10, 230.1 + n / 100, 1203.412 + n, 41.5)
    return Reading(f"HL-{n:06d}", "luminaire", 1_795_262_400 + n, dict(zip(_QUANTITIES, values, strict=True)))


def _objects(rows: list[Reading]) -> list[dict[str, object]]:
    return [
        {"device": r.device, "quantity": q, "at": r.at, "value": v, "flag": int(r.flag(q))}
        for r in rows
        for q, v in r.values.items()
    ]


def _decoded(payload: bytes) -> list[tuple[str, str, int, float | None, int]]:
    return [(o["device"], o["quantity"], o["at"], o["value"], o["flag"]) for o in orjson.loads(payload)]
