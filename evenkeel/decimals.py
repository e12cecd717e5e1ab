"""Exact numbers as text."""

from __future__ import annotations

from decimal import Decimal


def digits(value: Decimal) -> str:
    """Return a number in plain digits, without an exponent or needless zeros: `100`, `0.5`, `1250.75`."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
