"""The fonts of paper: embedded, so that a page looks and prints everywhere as it does here, and names keep their accents."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.resources import as_file, files

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

BOOK, BOLD = "EvenkeelBook", "EvenkeelBold"
_FILES = {BOOK: "DejaVuSansCondensed.ttf", BOLD: "DejaVuSansCondensed-Bold.ttf"}
LACKING = "\N{REPLACEMENT CHARACTER}"
"""Stands for a character that the fonts do not have."""


@cache
def load() -> frozenset[int]:
    """Make the fonts known to the library, and return the characters that both of them have."""
    have = []
    for name, file in _FILES.items():
        with as_file(files("evenkeel.desk.reporting") / "fonts" / file) as path:
            font = TTFont(name, str(path))
        pdfmetrics.registerFont(font)
        have.append(frozenset(font.face.charToGlyph))
    pdfmetrics.registerFontFamily(BOOK, normal=BOOK, bold=BOLD, italic=BOOK, boldItalic=BOLD)
    return have[0] & have[1]


def written(text: str) -> str:
    """Return a text in characters that the fonts have.

    Accents are joined to their letters. A letter whose accent the fonts lack is shown without it; any other character that they lack
    is shown as `LACKING`, never left out.
    """
    have = load()
    return "".join(
        each if ord(each) in have else _near(each, have)
        for each in unicodedata.normalize("NFC", " ".join(text.split()))
    )


def _near(character: str, have: frozenset[int]) -> str:
    plain = [each for each in unicodedata.normalize("NFKD", character) if not unicodedata.combining(each)]
    return "".join(plain) if plain and all(ord(each) in have for each in plain) else LACKING


def width(text: str, font: str, size: float) -> float:
    """Return the width of a text in points."""
    load()
    return float(pdfmetrics.stringWidth(text, font, size))
