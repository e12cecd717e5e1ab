"""Figures as senders write them: read, and written again in the same style, so that a damage changes the figure and nothing else."""

from __future__ import annotations

import re
from decimal import Decimal

_FIGURE = re.compile(r"^\s*([+-]?)(\$?)([+-]?)([\d,]*\.?\d*)\s*$")
_PLACES = {"value": (2, 2), "cost": (2, 2), "cash": (2, 2), "amount": (2, 2), "price": (2, 4), "quantity": (0, 4)}
"""Least and most decimals of a term; others have two to four."""


def figure(text: str) -> Decimal | None:
    """Return the figure in a cell, None where there is none: `-$1,234.50` is -1234.50."""
    match = _FIGURE.match(text.strip('"'))
    if match is None or not any(char.isdigit() for char in match[4]):
        return None
    value = Decimal(match[4].replace(",", ""))
    return -value if "-" in (match[1], match[3]) else value


def written(value: Decimal, like: str, term: str) -> str:
    """Return `value` as the sender of `like` would write it: with its dollar sign, its groups, its plus."""
    match = _FIGURE.match(like.strip('"'))
    least, most = _PLACES.get(term, (2, 4))
    dollar = bool(match and match[2])
    plus = "+" if match and match[1] == "+" else ""
    rounded = abs(value).quantize(Decimal(1).scaleb(-most))
    whole, _, fraction = f"{rounded:f}".partition(".")
    is_grouped = dollar or "," in like
    number = f"{int(whole):,}" if is_grouped else whole
    decimals = fraction.rstrip("0").ljust(least, "0")
    sign = "-" if value < 0 else plus
    return f"{sign}{'$' if dollar else ''}{number}{'.' + decimals if decimals else ''}"
