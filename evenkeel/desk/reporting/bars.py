"""Weights of a client's before and after as bars, on the page and on paper: what is drawn, and on which scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evenkeel.reports.model import Table

_AFTER = ("after_frac", "planned_frac")
"""What the bar after the trades shows: what was measured, else what was approved or proposed."""


@dataclass(frozen=True)
class Weights:
    """What one row of bars shows, as ratios; None: not known, and not drawn."""

    before: float | None
    target: float | None
    after: float | None


def is_drawn(table: Table) -> bool:
    """Return whether a table has weights that are drawn."""
    return table.name == "weights" and bool(table.rows)


def weights_of(table: Table) -> list[Weights]:
    """Return what the rows of `weights` show."""
    after = _column(table)
    return [Weights(row["before_frac"], row["target_frac"], row[after] if after else None) for row in table.rows]


def after_words(table: Table) -> str | None:
    """Return what the bar after the trades is called; None: no such bar is drawn."""
    after = _column(table)
    return next((each.label.lower() for each in table.columns if each.name == after), None)


def scale_of(rows: Sequence[Weights]) -> float:
    """Return the ratio at which a bar is full: the largest one, at least one hundredth."""
    return max([0.01, *(each for row in rows for each in (row.before, row.target, row.after) if each is not None)])


def hundredths(table: Table, place: int) -> Weights:
    """Return one row as percentages of the drawing's width; below zero there is no bar, and no tick."""
    rows = weights_of(table)
    top = scale_of(rows)

    def at(ratio: float | None) -> float | None:
        return None if ratio is None or ratio < 0 else round(100 * ratio / top, 2)

    return Weights(at(rows[place].before), at(rows[place].target), at(rows[place].after))


def _column(table: Table) -> str | None:
    return next((name for name in _AFTER if any(row[name] is not None for row in table.rows)), None)
