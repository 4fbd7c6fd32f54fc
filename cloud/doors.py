"""What all features' routes have in common: where they hang, how they refuse, and what clients call them."""

from collections.abc import Sequence

from fastapi import APIRouter
from fastapi.params import Depends
from fastapi.routing import APIRoute

from cloud.errors import ErrorOut

API = "/api/v1"
# A body may be no text (400) or too long (413) wherever one is read.
_ERRORS = (400, 401, 403, 413)


def doors(tag: str, prefix: str = "", refuses: Sequence[int] = (), dependencies: Sequence[Depends] = ()) -> APIRouter:
    """A router for one feature, whose routes are whole when they are declared. An application takes them as they are:
    one router included in another makes FastAPI read the types of every route again, at the first request."""
    return APIRouter(
        prefix=f"{API}{prefix}",
        tags=[tag],
        responses={status: {"model": ErrorOut} for status in (*_ERRORS, *refuses)},
        dependencies=dependencies,
        generate_unique_id_function=_operation,
    )


def _operation(route: APIRoute) -> str:
    """Short names for generated clients: `alarms_acknowledge`."""
    return f"{route.tags[0]}_{route.name}"
