"""A consent as it is shown, and to whom."""

import json
from typing import cast

from cloud.commands.group_schemas import ConsentOut, ConsentWord
from cloud.commands.tables import ConsentRow
from cloud.fleet.view import View


def covers(view: View, row: ConsentRow) -> bool:
    """True when all of its lamps are in a view."""
    return view.wards is None or view.wards >= set(json.loads(row.wards))


def consent_out(row: ConsentRow, looker: str | None) -> ConsentOut:
    """For one person, or for all who may see it."""
    return ConsentOut(
        id=row.id,
        who=row.who,
        reason=row.reason,
        targets=row.asked["targets"],
        action=row.asked["action"],
        lamps=row.lamps,
        state=cast("ConsentWord", row.state),
        asked_at=row.asked_at,
        expires_at=row.expires_at,
        second=row.second,
        decided_at=row.decided_at,
        group=row.group_id,
        is_mine=row.who == looker,
    )
