"""A band in words."""

from __future__ import annotations

from data_contracts.vocab import BandSource
from evenkeel.policy.model import Band, Sides


def figure(value: float) -> str:
    """Return a number as a person writes it: no trailing zeros."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _sides(sides: Sides, unit: str) -> str:
    if sides.below == sides.above:
        return f"{figure(sides.below)} {unit}"
    return f"{figure(sides.below)} below and {figure(sides.above)} above, {unit}"


def in_words(band: Band) -> str:
    """Return a band's parts: `0.05 absolute or 0.25 of target` (`or`: any one exceeded; `and`: all)."""
    parts = []
    if band.absolute is not None:
        parts.append(_sides(band.absolute, "absolute"))
    if band.relative is not None:
        parts.append(_sides(band.relative, "of target"))
    if band.dollar_usd is not None:
        parts.append(_sides(band.dollar_usd, "USD"))
    return (" or " if band.combine == "any" else " and ").join(parts)


def rule_text(source: BandSource, name: str | None, band: Band, factor: float = 1.0) -> str:
    """Return the rule in words: `tier premium: 0.03 absolute`, and by how much volatility has widened it."""
    level = f"{source.value} {name}" if name else source.value
    widened = f", {figure(factor)} times as wide today" if factor > 1 else ""
    return f"{level}: {in_words(band)}{widened}"
