"""A band in words."""

from __future__ import annotations

from data_contracts.vocab import BandSource
from evenkeel.policy.model import Band, Sides

LEVELS = {
    BandSource.ACCOUNT: "the portfolio's own rule",
    BandSource.IPS: "IPS",
    BandSource.SEGMENT: "segment",
    BandSource.TIER: "tier",
    BandSource.DEFAULT: "default",
}


def figure(value: float) -> str:
    """Return a number as a person writes it: no trailing zeros."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _sides(sides: Sides, form: str, scale: float = 1.0) -> str:
    below, above = (form.format(figure(side * scale)) for side in (sides.below, sides.above))
    return below if below == above else f"{below} below and {above} above"


def in_words(band: Band) -> str:
    """Return a band's parts: `5 points or 25 % of target` (`or`: any one exceeded; `and`: all)."""
    parts = []
    if band.absolute is not None:
        parts.append(_sides(band.absolute, "{} points", 100))
    if band.relative is not None:
        parts.append(_sides(band.relative, "{} % of target", 100))
    if band.dollar_usd is not None:
        parts.append(_sides(band.dollar_usd, "{} USD"))
    return (" or " if band.combine == "any" else " and ").join(parts)


def rule_text(source: BandSource, name: str | None, band: Band, factor: float = 1.0) -> str:
    """Return the rule in words: `tier premium: 3 points`, and by how much volatility has widened it."""
    level = f"{LEVELS[source]} {name.replace('_', '-')}" if name else LEVELS[source]
    widened = f", {figure(factor)} times as wide today" if factor > 1 else ""
    return f"{level}: {in_words(band)}{widened}"
