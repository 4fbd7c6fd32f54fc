"""Which passwords nobody may choose: what is tried first by whoever guesses.

Length counts and kinds of letters do not: NIST SP 800-63B, section 5.1.1.2.
"""

import unicodedata
from enum import StrEnum

SHORTEST = 12  # characters
_LEAST_DIFFERENT = 4  # characters

# The commonest words of published lists, of keyboards and of this house; digits and signs around them do not help.
_WORDS = """
password passwort matkhau motdepasse contrasena qwerty qwertyuiop qwertyui asdfghjkl zxcvbnm qazwsx qazwsxedc
letmein welcome iloveyou anhyeuem emyeuanh yeuem admin administrator quantri quantrivien root toor user guest
test login abc abcd abcdef abcdefgh abcdefghijkl dragon monkey sunshine princess football baseball master shadow
superman batman michael trustno changeme secret default psswrd passwrd pssword haidang halong mongcai
quangninh vietnam hanoi saigon chieusang denduong lighthouse streetlight operator
"""
_COMMON = frozenset(_WORDS.split())


class Weakness(StrEnum):
    """Why a password is not taken."""

    SHORT = "password_short"
    NAME = "password_name"
    COMMON = "password_common"


def weakness(password: str, username: str) -> Weakness | None:
    """What is wrong with a new password of somebody; `None` for a good one."""
    if len(password) < SHORTEST:
        return Weakness.SHORT
    bare, name = _bare(password), _bare(username)
    if name and bare.replace(name, "") == "":
        return Weakness.NAME
    return Weakness.COMMON if _is_common(_plain(password)) else None


def _is_common(plain: str) -> bool:
    """A common word, once or again and again, with digits and signs around it; no letters; a few signs only."""
    words = _letters(plain)
    again = any(words == words[:n] * (len(words) // n) and words[:n] in _COMMON for n in range(3, len(words) + 1))
    return again or not words or len(set(plain)) < _LEAST_DIFFERENT


def _letters(plain: str) -> str:
    return "".join(sign for sign in plain if sign.isalpha())


def _bare(text: str) -> str:
    return "".join(sign for sign in _plain(text) if sign.isalnum())


def _plain(text: str) -> str:
    """Without capitals and marks: `Mật Khẩu` is `mat khau`."""
    parts = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(sign for sign in parts if not unicodedata.combining(sign))
