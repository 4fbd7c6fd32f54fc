"""Sends batches at their moments, and notes when each reading left."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import paho.mqtt.client as mqtt

from tests.bench.played import Batch
from tests.bench.running import Service


@dataclass(slots=True)
class Load:
    """When (Unix seconds of the wall) each reading of a device left."""

    sent: dict[tuple[str, int], float] = field(default_factory=dict)
    batches: int = 0
    samples: int = 0
    late_s: float = 0.0  # how far the sender itself fell behind, at most

    async def send(self, running: Service, client: mqtt.Client, batches: Iterable[Batch]) -> None:
        """Returns when the last one has left."""
        for batch in batches:
            if (early_s := batch.at - running.now()) > 0:
                await asyncio.sleep(early_s)
            self.late_s = max(self.late_s, running.now() - batch.at)
            self._send(client, batch)
            if self.batches % 20 == 0:
                await asyncio.sleep(0)  # also a sender that is late lets the console listen

    def _send(self, client: mqtt.Client, batch: Batch) -> None:
        client.publish(batch.topic, batch.payload, qos=1)
        self.batches += 1
        self.samples += batch.samples
        left = time.time()
        for device, at in zip(batch.table.devices, batch.table.at, strict=True):
            self.sent[device, at] = left


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all lies below; NaN when there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")
