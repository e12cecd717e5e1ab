"""One account with a tax unit, written as a person would tell it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl

from evenkeel.engine.answer import Answer
from evenkeel.engine.problem import Tables
from evenkeel.engine.solve import solve
from evenkeel.engine.tables.inputs import TaxUnits
from tests.unit.engine.problems import frame
from tests.unit.engine.scene import scene

NO_YEAR: dict[str, Any] = {
    "tax_unit_id": "T",
    "short_rate_frac": 0.37,
    "long_rate_frac": 0.20,
    "ordinary_rate_frac": 0.37,
    "state_rate_frac": 0.0,
    "deduction_limit_usd": 3000.0,
    "realised_short_usd": 0.0,
    "realised_long_usd": 0.0,
    "carry_short_usd": 0.0,
    "carry_long_usd": 0.0,
    "carry_value_frac": None,
    "gain_budget_usd": None,
}
"""A year without a gain or a loss so far."""


def unit_table(*units: dict[str, Any]) -> pl.DataFrame:
    """Return tax units: each says what differs from `NO_YEAR`."""
    return frame(TaxUnits, [tuple({**NO_YEAR, **unit}.values()) for unit in units])


def netted_scene(
    lots: list[dict[str, Any]], year: dict[str, Any] | None = None, turnover: float | None = None, **given: Any
) -> Tables:
    """Return the tables of account A of unit T. A lot: as `scene` has it, and `long` where it is not short-term; null: not known."""
    tables = scene(lots=lots, **given)
    return replace(
        tables,
        accounts=tables.accounts.with_columns(
            pl.lit(None if year is None else "T", pl.String).alias("tax_unit_id"),
            pl.lit(turnover, pl.Float64).alias("turnover_budget_frac"),
        ),
        lots=tables.lots.with_columns(
            pl.Series("is_long_term", [lot.get("long", False) for lot in lots], dtype=pl.Boolean)
        ),
        tax_units=TaxUnits.empty_frame() if year is None else unit_table(year),
    )


def told(
    lots: list[dict[str, Any]], year: dict[str, Any] | None = None, *, is_rounded: bool = False, **given: Any
) -> tuple[dict[str, Any], dict[str, float], dict[str, Any], Answer]:
    """Return the account's row, dollars sold by lot, the row of `tax_results`, and the whole answer."""
    answer = solve(netted_scene(lots, year, **given), is_rounded=is_rounded)
    sold = {r["lot_id"]: r["value_usd"] for r in answer.trades.filter(pl.col("side") == "sell").to_dicts()}
    results = answer.tax_results.to_dicts()
    return answer.accounts.row(0, named=True), sold, results[0] if results else {}, answer
