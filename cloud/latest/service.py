"""What any device measures: now, and over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cloud.errors import NotReady, NotThere, TooLong
from cloud.fleet.fleet import Device, Fleet
from cloud.ingest.inbox import Inbox
from cloud.latest.schemas import DeviceLatestOut, ReadingsOut
from cloud.latest.values import LatestValues
from cloud.telemetry.series import held, readings
from cloud.telemetry.store import StoreError, TelemetryStore
from protocols.clock import DomainClock
from protocols.quantities import QUANTITIES
from rules.reporting import LONGEST as LONGEST_SILENCE

A_DAY = timedelta(days=1)
LONGEST = timedelta(days=31)  # a quarter of a million points of a device that is read every ten seconds


@dataclass(frozen=True, slots=True)
class Measurements:
    """Newest values from memory, older ones from the store and from what still waits for it in the inbox."""

    clock: DomainClock
    fleet: Fleet
    latest: LatestValues
    store: TelemetryStore
    inbox: Inbox

    def now_of(self, device_id: str) -> DeviceLatestOut:
        """A device's newest values. Raises NotThere."""
        device, latest = self._device(device_id), self.latest.get(device_id)
        if latest is None:
            return DeviceLatestOut(id=device.id, kind=device.kind, at=None, values={}, units={}, flags={}, age_s=None)
        at = datetime.fromtimestamp(latest.at, UTC)
        return DeviceLatestOut(
            id=device.id,
            kind=device.kind,
            at=at,
            values=dict(latest.values),
            units=units(list(latest.values)),
            flags=dict(latest.flags),
            age_s=round((self.clock.now() - at).total_seconds(), 1),
        )

    async def over_time(
        self, device_id: str, quantities: Sequence[str], start: datetime | None, end: datetime | None
    ) -> ReadingsOut:
        """A device's points in [start, end); without them, of the last day. Raises NotThere, TooLong and NotReady."""
        device = self._device(device_id)
        until = end or self.clock.now() + timedelta(seconds=1)
        since = start or until - A_DAY
        if until - since > LONGEST:
            raise TooLong(f"ask for at most {LONGEST.days} days at once")
        try:
            columns = await readings(
                self.store,
                self.inbox,
                device.kind,
                device.id,
                quantities,
                int(since.timestamp()),
                int(until.timestamp()),
                self.fleet.owner_of,
            )
        except StoreError as error:
            raise NotReady("the telemetry store does not answer") from error
        values = held(columns, LONGEST_SILENCE.total_seconds())
        return ReadingsOut(
            id=device.id, kind=device.kind, at=list(columns.at), quantities=values, units=units(quantities)
        )

    def _device(self, device_id: str) -> Device:
        device = self.fleet.devices.get(device_id)
        if device is None:
            raise NotThere(f"there is no device {device_id}")
        return device


def units(quantities: Sequence[str]) -> dict[str, str]:
    """The unit of each quantity."""
    return {name: QUANTITIES[name].unit for name in quantities}
