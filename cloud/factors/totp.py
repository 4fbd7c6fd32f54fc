"""Codes of an authenticator app: RFC 6238, six digits, a new one every half minute. The only file that knows pyotp."""

import hmac

import pyotp
import segno

_STEP_S = 30
_DRIFT = 1  # steps before and after: a phone's clock is seldom further off


def new_secret() -> str:
    """160 bits in Base32, as an app is told them."""
    return pyotp.random_base32()


def uri(secret: str, username: str, issuer: str) -> str:
    """What an app reads from the picture."""
    return pyotp.TOTP(secret, interval=_STEP_S).provisioning_uri(name=username, issuer_name=issuer)


def picture(text: str) -> str:
    """A QR code as an SVG in a data URI."""
    return segno.make(text, micro=False).svg_data_uri(scale=5, border=4, light="white")


def step_of(secret: str, code: str, at: float) -> int | None:
    """The half minute since 1970 that a code belongs to, if that is near `at` (Unix seconds)."""
    totp, now = pyotp.TOTP(secret, interval=_STEP_S), int(at) // _STEP_S
    near = range(now - _DRIFT, now + _DRIFT + 1)
    fitting = [step for step in near if hmac.compare_digest(totp.generate_otp(step), code)]
    return max(fitting, default=None)
