"""Figures and moments as messages show them: plain text, safe in any mail client.

The desk's pages have the same forms in `evenkeel.desk.words`; that package lies above this one.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from decimal import ROUND_HALF_UP, Decimal

from evenkeel.calendar import EASTERN

MINUS = "−"
CENT = Decimal("0.01")
_LINE_BREAKING = ("Cc", "Zl", "Zp", "Cs")
"""Unicode's categories of control characters, line and paragraph separators, and halves of a pair, which no mail can carry."""


def one_line(text: str) -> str:
    """Return a text as it may stand within a line: each control or line-separating character is a blank, none stands at its ends."""
    return "".join(" " if unicodedata.category(one) in _LINE_BREAKING else one for one in text).strip()


def percent(ratio: float | None, digits: int = 1) -> str:
    """Return `64.2 %`; a dash where there is none."""
    return "–" if ratio is None else f"{round(ratio * 100, digits) + 0.0:.{digits}f} %".replace("-", MINUS)


def points(ratio: float) -> str:
    """Return a distance in percentage points with its sign: `+4.2`, `−1.0`."""
    figure = round(ratio * 100, 1)
    return "0.0" if figure == 0 else f"{'+' if figure > 0 else MINUS}{abs(figure):.1f}"


def dollars(amount: Decimal) -> str:
    """Return whole dollars, a half away from zero: `$31,200`."""
    return _signed(amount.quantize(Decimal(1), ROUND_HALF_UP))


def cents(amount: Decimal) -> str:
    """Return an amount to the cent, a half away from zero: `$31,200.05`."""
    return _signed(amount.quantize(CENT, ROUND_HALF_UP))


def units(quantity: Decimal) -> str:
    """Return a quantity without trailing zeros: `1,204`, `12.5`."""
    text = f"{quantity:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def moment(instant: dt.datetime) -> str:
    """Return an instant by New York's clock: `Fri 6 Mar 09:45 ET`."""
    local = instant.astimezone(EASTERN)
    return f"{local:%a} {local.day} {local:%b %H:%M} ET"


def day(date: dt.date) -> str:
    """Return `Friday 6 March 2026`."""
    return f"{date:%A} {date.day} {date:%B %Y}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return `1 trade`, `1,204 trades`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def tax_words(amount: Decimal) -> str:
    """Return what trades do to the year's tax: `adds about $412`, `saves about $1,150`, `adds nothing`."""
    whole = amount.quantize(Decimal(1), ROUND_HALF_UP)
    if not whole:
        return "adds nothing"
    return f"{'adds' if whole > 0 else 'saves'} about {dollars(abs(whole))}"


def _signed(amount: Decimal) -> str:
    return f"{MINUS if amount < 0 else ''}${abs(amount):,}"
