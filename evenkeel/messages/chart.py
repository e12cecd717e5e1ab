"""Drift as bars made of table cells: no picture, no script, no SVG, so that every mail client shows it; and the same as text.

A class has up to three bars on one common scale: now, target, after; once the trades are done: before,
target, now. Each bar has its figure beside it, and a class outside its band
says so in words: colour alone tells nothing. The colours have a contrast of 3 to 1 or more against the empty bar (WCAG 2.2, 1.4.11), words
one of 4.5 to 1 or more (1.4.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from evenkeel.messages.fields import ClassWeight
from evenkeel.messages.wording import percent, points

NOW_INSIDE = "#1f5f8b"
NOW_OUTSIDE = "#a3341c"
TARGET = "#6b7280"
AFTER = "#2b6e47"
EMPTY = "#eef0f2"
TEXT_WIDTH = 30
"""Characters of a whole bar in plain text."""


@dataclass(frozen=True)
class Bar:
    """One bar: what it shows, its figure, how many hundredths of the scale it fills, its colour, and itself as text."""

    label: str
    figure: str
    filled: int
    colour: str
    text: str


@dataclass(frozen=True)
class ChartClass:
    """The bars of one class, and what is to be said of it."""

    name: str
    verdict: str
    is_outside: bool
    bars: tuple[Bar, ...]


def drift_chart(classes: Sequence[ClassWeight], is_done: bool = False) -> tuple[ChartClass, ...]:
    """Return the chart of a portfolio's classes, on one scale from zero to the largest weight.

    A weight below zero has an empty bar; its figure tells it.

    Args:
        classes: The weights.
        is_done: Whether the trades are done: the current weight is then the one before, the one after is now, and what is said is of it.
    """
    figures = [
        ratio
        for each in classes
        for ratio in (each.current_frac, each.target_frac, each.after_frac)
        if ratio is not None
    ]
    top = max([*figures, 0.01])
    return tuple((_done if is_done else _class)(each, top) for each in classes)


def verdict(weight: ClassWeight) -> str:
    """Return `+7.2 points, outside its band of 55.0 % to 65.0 %`."""
    drift = points(weight.drift_frac)
    far = "on target" if drift == "0.0" else f"{drift} points"
    if weight.lower_frac is None or weight.upper_frac is None:
        return far
    side = "outside" if weight.is_outside else "inside"
    return f"{far}, {side} its band of {percent(weight.lower_frac)} to {percent(weight.upper_frac)}"


def _class(weight: ClassWeight, top: float) -> ChartClass:
    colour = NOW_OUTSIDE if weight.is_outside else NOW_INSIDE
    bars = [_bar("now", weight.current_frac, top, colour), _bar("target", weight.target_frac, top, TARGET)]
    if weight.after_frac is not None:
        bars.append(_bar("after", weight.after_frac, top, AFTER))
    return ChartClass(weight.name, verdict(weight), weight.is_outside, tuple(bars))


def _done(weight: ClassWeight, top: float) -> ChartClass:
    was = NOW_OUTSIDE if weight.is_outside else NOW_INSIDE
    bars = [_bar("before", weight.current_frac, top, was), _bar("target", weight.target_frac, top, TARGET)]
    if weight.after_frac is None:
        return ChartClass(weight.name, "share after the trades not known yet", False, tuple(bars))
    now = replace(weight, current_frac=weight.after_frac)
    bars.append(_bar("now", weight.after_frac, top, NOW_OUTSIDE if now.is_outside else AFTER))
    return ChartClass(weight.name, verdict(now), now.is_outside, tuple(bars))


def _bar(label: str, ratio: float, top: float, colour: str) -> Bar:
    share = max(ratio, 0.0) / top
    filled = round(share * TEXT_WIDTH)
    text = f"{label:<6} |{'#' * filled}{' ' * (TEXT_WIDTH - filled)}| {percent(ratio):>8}"
    return Bar(label, percent(ratio), round(share * 100), colour, text)
