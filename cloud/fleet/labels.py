"""Labels for poles: a sheet of paper as SVG, with a QR code on each that opens the luminaire in the console."""

import math
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

import segno

from protocols.inventory import Luminaire

ACROSS, DOWN = 3, 8  # 24 labels of 70 x 37 mm, as they are sold for A4
PER_PAGE = ACROSS * DOWN
_WIDE, _HIGH, _TOP = 70.0, 37.0, 0.5  # mm
_CODE = 29.0  # mm: a phone reads it at arm's length
_EDGE = 4.0  # mm that printers leave white
_QUIET = 4  # modules round a code, ISO/IEC 18004
_LETTERS = 22  # that fit beside the code


def pages(lamps: int) -> int:
    """How many sheets so many labels take."""
    return max(1, math.ceil(lamps / PER_PAGE))


def sheet(lamps: Sequence[Luminaire], console: str) -> str:
    """One page, A4, of at most 24 luminaires; `console` is where people reach it."""
    title = f"<title>{escape(f'{lamps[0].id} - {lamps[-1].id}' if lamps else 'Haidang')}</title>"
    return "\n".join([_HEAD, title, *(_label(n, lamp, console) for n, lamp in enumerate(lamps)), "</svg>\n"])


_HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="210mm" height="297mm" viewBox="0 0 210 297">'
    '<rect width="210" height="297" fill="white"/>'
)


def _label(place: int, lamp: Luminaire, console: str) -> str:
    x, y = place % ACROSS * _WIDE, _TOP + place // ACROSS * _HIGH
    parts = [_code(f"{console}/#/overview/lamp/{lamp.id}"), *_words(lamp)]
    return f'<g transform="translate({x:g} {y:g})">{"".join(parts)}</g>'


def _code(text: str) -> str:
    rows = [list(row) for row in segno.make(text, error="m", micro=False).matrix]
    scale = _CODE / (len(rows) + 2 * _QUIET)
    dark = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows, _QUIET) for x, bit in enumerate(row, _QUIET) if bit
    )
    place = f"translate({_EDGE:g} {(_HIGH - _CODE) / 2:g}) scale({scale:.4f})"
    return f"<g transform={quoteattr(place)}><desc>{escape(text)}</desc><path d={quoteattr(dark)}/></g>"


def _words(lamp: Luminaire) -> Iterator[str]:
    lines = [
        (lamp.id, 3.6, "bold"),
        (lamp.pole, 3.0, "normal"),
        *((line, 3.0, "normal") for line in _wrapped(lamp.street)),
    ]
    for n, (text, size, weight) in enumerate(lines):
        style = f'font-family="sans-serif" font-size="{size}" font-weight="{weight}"'
        yield f'<text x="{_EDGE + _CODE + 1:g}" y="{11 + 5 * n}" {style}>{escape(_printable(text)[:_LETTERS])}</text>'


def _wrapped(text: str) -> Iterator[str]:
    """On two lines, parted where there is a space."""
    words = text.split()
    first = ""
    while words and len(first) + len(words[0]) < _LETTERS:
        first = f"{first} {words.pop(0)}".strip()
    yield from (line for line in (first, " ".join(words)) if line)


def _printable(text: str) -> str:
    """XML knows no control characters."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
