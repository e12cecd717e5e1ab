"""One account, written as a person would tell it: a small problem with one model, one universe and no plan unless given."""

from __future__ import annotations

from typing import Any

import polars as pl

from evenkeel.engine.answer import Answer
from evenkeel.engine.problem import Tables
from evenkeel.engine.solve import solve
from evenkeel.engine.tables.inputs import Accounts, CashTerms, Lots, Models, Restrictions, Securities
from tests.unit.engine.problems import frame


def scene(
    *,
    cash: float = 0.0,
    spoken_for: float = 0.0,
    targets: dict[str, float] | None = None,
    width: float = 0.05,
    prices: dict[str, tuple[str, float]] | None = None,
    lots: list[dict[str, Any]] | None = None,
    buyable: set[str] | None = None,
    cost: float = 0.0001,
    target_cost: float = 0.0,
    band_cost: float = 5.0,
    dust: float = 0.01,
    terms: list[tuple[str, float, float, float, float]] | None = None,
    limits: list[tuple[str, bool, bool, float | None]] | None = None,
) -> Tables:
    """Return the tables of account A. A lot: security, qty, and basis, rate, washed, sellable where they matter."""
    targets = targets or {"equity": 0.6, "bond": 0.4}
    prices = prices or {"VTI": ("equity", 100.0), "BND": ("bond", 50.0)}
    return Tables(
        frame(Accounts, [("A", "M", "U", "P" if terms else None, cash, spoken_for, target_cost, band_cost, dust)]),
        frame(
            Models,
            [("M", k, t, max(0.0, t - width) if t else 0.0, t + width if t else 0.0) for k, t in targets.items()],
        ),
        frame(
            Securities,
            [
                ("U", name, klass, price, cost, cost, buyable is None or name in buyable, rank)
                for rank, (name, (klass, price)) in enumerate(prices.items())
            ],
        ),
        frame(
            Lots,
            [
                (
                    "A",
                    lot["security"],
                    lot.get("lot", f"L{n}"),
                    float(lot["qty"]),
                    lot.get("basis"),
                    lot.get("rate", 0.0),
                    float(lot.get("washed", 0.0)),
                    lot.get("sellable", True),
                )
                for n, lot in enumerate(lots or [])
            ],
        ),
        frame(CashTerms, [("P", *term) for term in terms or []]),
        frame(Restrictions, [("A", *limit) for limit in limits or []]),
    )


def told(**given: Any) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, dict[str, Any]], Answer]:
    """Return the account's row, its trades, its classes by name, and the whole answer."""
    answer = solve(scene(**given))
    classes = {row["asset_class"]: row for row in answer.classes.iter_rows(named=True)}
    return answer.accounts.row(0, named=True), answer.trades.to_dicts(), classes, answer


def traded(answer: Answer, side: str, security: str) -> float:
    """Return the dollars traded of a security on one side."""
    rows = answer.trades.filter((pl.col("side") == side) & (pl.col("security_id") == security))
    return float(rows["value_usd"].sum())
