"""What each role may do: a table that an auditor can read."""

from collections.abc import Mapping
from enum import StrEnum

from rules.areas import Area, Grant


class Role(StrEnum):
    """What a person is in the control centre."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    SHIFT_LEAD = "shift_lead"
    PLANNER = "planner"
    TECHNICIAN = "technician"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


class Right(StrEnum):
    """What a route asks for."""

    OWN_SESSION = "session.own"  # to see and end one's own session
    VIEW_CITY = "view.city"
    VIEW_TELEMETRY = "view.telemetry"
    VIEW_STORE = "store.view"
    EXPORT_TELEMETRY = "telemetry.export"
    VIEW_ALARMS = "view.alarms"
    VIEW_COMMANDS = "view.commands"
    ACKNOWLEDGE_ALARM = "alarm.acknowledge"
    COMMAND_LAMP = "lamp.command"
    CONFIGURE_EDGE = "edge.configure"
    VIEW_AUDIT = "view.audit"
    VIEW_PEOPLE = "view.people"
    MANAGE_PEOPLE = "people.manage"
    END_SESSION = "session.end"  # somebody else's
    MANAGE_TOKENS = "tokens.manage"
    MANAGE_FLEET = "fleet.manage"
    PLAN_LIGHT = "light.plan"
    APPROVE_LIGHT = "light.approve"  # what another has proposed
    SEND_LIGHT = "light.send"  # what was approved


_LOOK = frozenset(
    {Right.OWN_SESSION, Right.VIEW_CITY, Right.VIEW_TELEMETRY, Right.VIEW_ALARMS, Right.VIEW_COMMANDS},
)
_ACT = frozenset({Right.ACKNOWLEDGE_ALARM, Right.COMMAND_LAMP})

RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.VIEWER: _LOOK,
    Role.OPERATOR: _LOOK | _ACT,
    Role.SHIFT_LEAD: _LOOK
    | _ACT
    | {Right.VIEW_AUDIT, Right.VIEW_PEOPLE, Right.END_SESSION, Right.APPROVE_LIGHT, Right.SEND_LIGHT},
    Role.PLANNER: _LOOK | {Right.EXPORT_TELEMETRY, Right.MANAGE_FLEET, Right.PLAN_LIGHT, Right.SEND_LIGHT},
    Role.TECHNICIAN: _LOOK | _ACT | {Right.CONFIGURE_EDGE},  # a lamp is tested from under its pole
    Role.ADMINISTRATOR: frozenset(Right),
    Role.AUDITOR: _LOOK | {Right.VIEW_AUDIT, Right.VIEW_PEOPLE},
}


# No machine has these: who changes people, ends sessions, makes tokens or puts another light into force has signed in.
FOR_PEOPLE = frozenset(
    {
        Right.OWN_SESSION,
        Right.MANAGE_PEOPLE,
        Right.END_SESSION,
        Right.MANAGE_TOKENS,
        Right.APPROVE_LIGHT,
        Right.SEND_LIGHT,
    }
)


def granted(role: Role, area: Area) -> Grant:
    """A role over an area, with its rights."""
    return Grant(role, area, RIGHTS[role])
