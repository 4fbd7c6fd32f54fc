"""The usual way into InfluxDB: `influxdb_client.Point`, one for each sample of each batch."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from influxdb_client.client import write_api as client
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write import point

from tests import influxdb
from tests.bench.played import Batch

Point: Any = point.Point  # the package has no types of its own
SYNCHRONOUS: Any = client.SYNCHRONOUS
_TOGETHER = 10  # batches in a write


def line_cpu_us_per_sample(batches: Sequence[Batch]) -> float:
    """From the bytes of the broker to line protocol: no inbox, no store, no rules."""
    began = time.process_time()
    lines = sum(len([one.to_line_protocol() for one in _points(batch.payload)]) for batch in batches)
    return (time.process_time() - began) / lines * 1e6


def write_cpu_us_per_sample(batches: Sequence[Batch], server: influxdb.Server, bucket: str) -> float:
    """The same with the client's own write to a server; CPU of the client alone."""
    opened: Any = InfluxDBClient
    with opened(url=server.url, token=influxdb.TOKEN, org="-") as connection:
        api = connection.write_api(write_options=SYNCHRONOUS)
        began, samples = time.process_time(), 0
        for first in range(0, len(batches), _TOGETHER):
            record = [one for batch in batches[first : first + _TOGETHER] for one in _points(batch.payload)]
            api.write(bucket=bucket, record=record, write_precision="ms")
            samples += len(record)
        return (time.process_time() - began) / samples * 1e6


def _points(payload: bytes) -> Iterator[Any]:
    for table in orjson.loads(payload)["tables"]:
        for n, quantity in enumerate(table["quantities"]):
            for device, at, value in zip(table["devices"], table["at"], table["values"][n], strict=True):
                one = Point(table["kind"]).tag("device", device).field(quantity, float(value))
                yield one.time(at * 1000, write_precision="ms")
