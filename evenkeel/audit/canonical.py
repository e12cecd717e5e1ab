"""One way to write a value, so that the same content has the same bytes everywhere: canonical JSON (RFC 8785)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import rfc8785

LARGEST_WHOLE = 2**53 - 1
"""JSON's numbers are doubles: a larger whole number would not come back as it went in."""


def canonical(value: Any) -> bytes:
    """Return the canonical JSON of plain values.

    Raises:
        ValueError: JSON cannot say the value (not a number, half a surrogate pair, a whole number beyond `LARGEST_WHOLE`).
    """
    return rfc8785.dumps(value)


def plain(value: Any) -> Any:
    """Return a value as the trail has it: text, whole numbers, flags, nulls, and lists and objects of these.

    A figure with a fraction is text, exactly as it is: so an examiner needs no more than a JSON library to write an event again byte by
    byte, since only the form of such numbers differs between libraries.

    Raises:
        TypeError: The value is of no kind that the trail has.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return value if abs(value) <= LARGEST_WHOLE else str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dt.datetime):
        return instant_text(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    raise TypeError(f"the trail has no form for a {type(value).__name__}")


def instant_text(instant: dt.datetime) -> str:
    """Return a moment in UTC with six decimals: `2026-03-02T12:00:00.000000Z`.

    Raises:
        ValueError: It has no zone and would have to be guessed at.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    return instant.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
