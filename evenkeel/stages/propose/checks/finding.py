"""How a check says what it found: a result, figures and a sentence a portfolio."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from data_contracts.vocab import CheckResult
from evenkeel.policy.model import COMPARE_TOLERANCE
from evenkeel.stages.alerts.classes import DIGITS

SHOWN = 3
"""So many are named in a sentence; the others are counted."""

TOLERANCE = COMPARE_TOLERANCE

RANKS: dict[str, int] = {
    CheckResult.PASSED: 0,
    CheckResult.WARNED: 1,
    CheckResult.NOT_KNOWN: 2,
    CheckResult.FAILED: 3,
}
"""The worst last. What is not known is worse than a warning: it may hide a failure."""


def findings(frame: pl.DataFrame, result: pl.Expr, text: pl.Expr, figures: Sequence[str]) -> pl.DataFrame:
    """Return `portfolio_id`, `result`, `figures` (a JSON object of those columns), `text`."""
    floats = [name for name in figures if frame.schema[name].is_float()]
    return frame.with_columns(result.alias("result"), text.alias("text"), pl.col(floats).round(DIGITS)).select(
        "portfolio_id", "result", pl.struct(list(figures)).struct.json_encode().alias("figures"), "text"
    )


def chosen(failed: pl.Expr, unknown: pl.Expr, warned: pl.Expr) -> pl.Expr:
    """Return the worst result of which the condition holds."""
    return (
        pl.when(failed)
        .then(pl.lit(CheckResult.FAILED.value))
        .when(unknown)
        .then(pl.lit(CheckResult.NOT_KNOWN.value))
        .when(warned)
        .then(pl.lit(CheckResult.WARNED.value))
        .otherwise(pl.lit(CheckResult.PASSED.value))
    )


def listed(items: pl.Expr) -> pl.Expr:
    """Return a list of texts as words: `A, B, C and 2 more`."""
    more = items.list.len().cast(pl.Int64) - SHOWN
    shown = items.list.head(SHOWN).list.join(", ")
    return pl.when(more > 0).then(pl.format("{} and {} more", shown, more)).otherwise(shown)


def sentences(*parts: tuple[pl.Expr, pl.Expr], otherwise: pl.Expr) -> pl.Expr:
    """Return the texts whose condition holds, one after the other, or `otherwise` where none does."""
    texts = [pl.when(condition).then(text) for condition, text in parts]
    said = pl.concat_str([part.otherwise(None) for part in texts], separator=" ", ignore_nulls=True)
    return pl.when(said != "").then(said).otherwise(otherwise)
