"""Every door of an application, and what each takes: read off the application itself, not off a list."""

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts

from cloud.app import FOR_EDGES, PUBLIC
from cloud.people.access import Gate


@dataclass(frozen=True, slots=True, order=True)
class Door:
    """One method of one path, and the gates in front of it."""

    method: str
    path: str
    gates: tuple[Gate, ...] = ()

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def locked_doors(app: FastAPI) -> list[Door]:
    """The doors for people, without those that stand open."""
    doors = [door for route in iter_route_contexts(app.routes) for door in _doors(route)]
    return [door for door in doors if (door.method, door.path) not in PUBLIC | FOR_EDGES]


def without_a_right(app: FastAPI) -> list[str]:
    """The doors that somebody has forgotten to lock."""
    return [str(door) for door in locked_doors(app) if not door.gates]


def _doors(route: RouteContext) -> Iterator[Door]:
    dependant = getattr(route, "dependant", None)
    gates = tuple(dict.fromkeys(_gates(dependant))) if dependant else ()
    for method in sorted((route.methods or {"WS"}) - {"HEAD"}):
        yield Door(method, str(route.path), gates)


def _gates(dependant: Dependant) -> Iterator[Gate]:
    if isinstance(dependant.call, Gate):
        yield dependant.call
    for part in dependant.dependencies:
        yield from _gates(part)
