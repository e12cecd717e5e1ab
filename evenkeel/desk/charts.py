"""Drift as a row of marks: the band a shaded range, the target a tick, the weight a dot (inside) or a diamond (outside), then a ring.

The ring is the weight after the proposal's trades. Positions are percentages of the drawing's width, so that it fits any screen without
distortion; colours are the page's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evenkeel.desk.words import class_words, percent, points

_FIGURES = ("weight_frac", "target_frac", "upper_frac", "lower_frac")
_STEPS = (0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 50.0)
MOST_STEPS = 5
"""Labels of more would run into each other on a phone."""


@dataclass(frozen=True)
class ChartRow:
    """One node: words for the table beside the drawing, and positions in per cent of its width."""

    name: str
    level: str
    weight: str
    target: str
    band: str
    drift: str
    verdict: str
    is_outside: bool
    band_from: float | None
    band_width: float | None
    target_at: float
    weight_at: float
    description: str
    band_text: str
    after: str | None
    """The weight after the trades, where they change it."""
    after_at: float | None


@dataclass(frozen=True)
class Chart:
    """Rows on one common scale, with the grid's positions and labels."""

    rows: tuple[ChartRow, ...]
    grid: tuple[tuple[float, str], ...]


def drift_chart(classes: Sequence[Mapping[str, Any]], after: Mapping[str, float] | None = None) -> Chart:
    """Return the chart of an alert's `classes`.

    Args:
        classes: As documented.
        after: Weights after the trades by node, as `weights_after` returns them; None: no trades are proposed.
    """
    then = after or {}
    figures = [
        figure
        for node in classes
        for figure in (*(node[name] for name in _FIGURES), then.get(node["node"]))
        if figure is not None
    ]
    step, low, high = _scale(min(0.0, min(figures, default=0.0)), max(figures, default=0.0))

    def at(ratio: float) -> float:
        return round(100 * (ratio - low) / (high - low), 2)

    count = round((high - low) / step)
    # The unit stands at the beginning alone: further on it would run into the label beside it.
    grid = tuple(
        (at(low + step * i), f"{round(100 * (low + step * i)):d}{'' if i else ' %'}".replace("-", "−"))
        for i in range(count + 1)
    )
    return Chart(tuple(_row(node, at, then.get(node["node"])) for node in classes), grid)


def weights_after(proposal: Mapping[str, Any] | None) -> dict[str, float]:
    """Return the weight after the trades of each class and sleeve; none where a proposal has no trades."""
    weights: dict[str, float] = {}
    for node in proposal["classes"] if proposal and proposal["trades"] else ():
        weights[node["node"]] = node["after_frac"]
        if node["node"] != node["asset_class"]:
            weights[node["asset_class"]] = weights.get(node["asset_class"], 0.0) + node["after_frac"]
    return weights


def _scale(least: float, most: float) -> tuple[float, float, float]:
    """Return a scale of five steps at most: the step, where it begins and where it ends. A short position is left of zero."""
    for step in _STEPS:
        low = step * (least // step)
        high = max(step * -(-most // step), low + step)
        if round((high - low) / step) <= MOST_STEPS:
            break
    return step, low, high


def _row(node: Mapping[str, Any], at: Any, after: float | None) -> ChartRow:
    lower, upper, weight = node["lower_frac"], node["upper_frac"], node["weight_frac"]
    has_band = lower is not None and upper is not None
    outside = bool(node["is_outside"])
    if not has_band:
        band, verdict = "none", "no band"
    else:
        band = f"{percent(lower)[:-2]} to {percent(upper)}"
        beyond = weight - upper if weight > upper else lower - weight
        side = "above" if weight > upper else "below"
        verdict = f"{beyond * 100:.1f} {side} its band" if outside else "inside its band"
    name = class_words(node["level"], node["node"], node["asset_class"])
    if after is not None and percent(after) == percent(weight):
        after = None  # a mark on top of a mark tells nothing
    return ChartRow(
        name=name,
        level=node["level"],
        weight=percent(weight),
        target=percent(node["target_frac"]),
        band=band,
        drift=points(node["drift_frac"]),
        verdict=verdict,
        is_outside=outside,
        band_from=at(lower) if has_band else None,
        band_width=round(at(upper) - at(lower), 2) if has_band else None,
        target_at=at(node["target_frac"]),
        weight_at=at(weight),
        description=f"{name}: {percent(weight)}, target {percent(node['target_frac'])}, band {band}; {verdict}"
        + ("" if after is None else f"; after the trades {percent(after)}"),
        band_text=node["band_text"] or "",
        after=None if after is None else percent(after),
        after_at=None if after is None else at(after),
    )
