"""Which machine says that it is asking?"""

from starlette.datastructures import Headers

_SCHEME = "bearer"
_LONGEST = 200  # characters; ours have 59


def bearer_of(headers: Headers) -> str | None:
    """The token of `Authorization: Bearer hd_...` (RFC 6750), whether it is good or not; `None` without one."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip()[:_LONGEST] if scheme.lower() == _SCHEME else None
