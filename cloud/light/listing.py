"""A release as it is shown."""

from typing import cast

from cloud.light.delivery import Delivery
from cloud.light.schemas import ReleaseOut, ReleaseWord
from cloud.light.tables import LightReleaseRow

_KNOWN = tuple(name for name in ReleaseOut.model_fields if name not in ("state", "edges"))


def shown(row: LightReleaseRow, delivery: Delivery) -> ReleaseOut:
    """With the standing of the edges, when it is what was sent last."""
    edges = delivery.edges_in(row.site) if row.number == delivery.number(row.site) else []
    known = {name: getattr(row, name) for name in _KNOWN}
    return ReleaseOut(**known, state=cast("ReleaseWord", row.state), edges=edges)
