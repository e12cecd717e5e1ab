"""What must be true of every answer, whatever the problem: read from the tables in and out, with none of the engine's own code."""

from __future__ import annotations

import polars as pl

from evenkeel.engine.answer import Answer
from evenkeel.engine.problem import Tables

CENT = 0.005
RELATIVE = 1e-9


def violations(tables: Tables, answer: Answer) -> list[str]:
    """Return a line for each rule that the answer breaks: the rule, and how many rows break it. None: the answer stands.

    Rules: every account has an outcome; no lot is sold beyond what is held, nor sold where it may not be; nothing barred is bought, nothing
    beyond its cap; no security is both bought and sold; cash balances to the cent and its shortfall is told; weights sum to one; components
    sum to the objective; no list is worse than doing nothing, nor better than its bound; nothing under the dust threshold is proposed.
    """
    found = []
    for rule, rows in (
        ("accounts without an outcome", _without_outcome(tables, answer)),
        *sales(tables, answer.trades),
        *purchases(tables, answer.trades),
        ("securities both bought and sold", both_sides(answer.trades)),
        *_figures(tables, answer),
        *_classes(answer),
    ):
        if rows.height:
            found.append(f"{rule}: {rows.height} rows")
    return found


def _without_outcome(tables: Tables, answer: Answer) -> pl.DataFrame:
    return pl.concat(
        [
            tables.accounts.join(answer.accounts, on="account_id", how="anti").select("account_id"),
            answer.accounts.join(tables.accounts, on="account_id", how="anti").select("account_id"),
        ]
    )


def sales(tables: Tables, trades: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """Return rules that sales must keep, each with the rows that break it."""
    key = ["account_id", "security_id", "lot_id"]
    sold = (
        trades.filter(pl.col("side") == "sell")
        .join(tables.lots.with_columns(pl.lit(True).alias("is_held")), on=key, how="left")
        .join(tables.restrictions, on=key[:2], how="left")
    )
    is_unknown = pl.col("is_held").is_null()
    is_beyond = pl.col("traded_qty") > pl.col("held_qty") * (1 + RELATIVE)
    is_barred = ~pl.col("is_sellable") | pl.col("is_sell_barred").fill_null(False)
    has_no_basis = pl.col("unit_basis_usd").is_null() & (pl.col("gain_rate_frac") > 0)
    return [
        ("sales of a lot that is not held", sold.filter(is_unknown)),
        ("sales beyond the lot", sold.filter(is_beyond)),
        ("sales that are barred", sold.filter(is_barred)),
        ("taxed sales without a basis", sold.filter(has_no_basis)),
    ]


def purchases(tables: Tables, trades: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """Return rules that purchases must keep, each with the rows that break it."""
    bought = (
        trades.filter(pl.col("side") == "buy")
        .join(tables.accounts.select("account_id", "universe_id"), on="account_id", how="left")
        .join(tables.securities, on=["universe_id", "security_id"], how="left", suffix="_listed")
        .join(tables.restrictions, on=["account_id", "security_id"], how="left")
    )
    return [
        ("purchases that are barred", bought.filter(pl.col("is_buy_barred").fill_null(False))),
        ("purchases of what is not on the shelf", bought.filter(~pl.col("is_buyable").fill_null(False))),
        ("purchases beyond the cap", bought.filter(pl.col("value_usd") > pl.col("buy_cap_usd") * (1 + RELATIVE))),
    ]


def both_sides(trades: pl.DataFrame) -> pl.DataFrame:
    """Return accounts and securities that are both sold and bought."""
    sides = trades.group_by("account_id", "security_id").agg(pl.col("side").n_unique())
    return sides.filter(pl.col("side") > 1)


def _figures(tables: Tables, answer: Answer) -> list[tuple[str, pl.DataFrame]]:
    signed = pl.when(pl.col("side") == "sell").then("value_usd").otherwise(-pl.col("value_usd"))
    sums = answer.trades.group_by("account_id").agg(
        signed.sum().alias("net_usd"),
        pl.col("tax_usd").sum().alias("taxes_usd"),
        pl.len().cast(pl.Int64).alias("rows"),
        pl.col("value_usd").min().alias("smallest_usd"),
    )
    rows = (
        answer.accounts.filter(pl.col("nav_usd").is_not_null())
        .join(sums, on="account_id", how="left")
        .join(tables.accounts, on="account_id", how="left")
        .with_columns(pl.col("net_usd", "taxes_usd", "rows").fill_null(0))
    )
    slack = pl.max_horizontal(pl.lit(CENT), RELATIVE * pl.col("nav_usd"))
    cash = pl.col("cash_usd") - pl.col("spoken_for_usd") + pl.col("net_usd")
    terms = ("tax_usd", "trade_cost_usd", "target_penalty_usd", "band_penalty_usd", "cash_penalty_usd")
    floors = (
        tables.cash_terms.filter(pl.col("term").is_in(["minimum", "overdraft"]))
        .join(
            rows.select("cash_plan_id", "account_id", "nav_usd", "cash_after_usd", "cash_short_usd"), on="cash_plan_id"
        )
        .with_columns(
            (pl.col("at_frac") * pl.col("nav_usd") + pl.col("at_usd") - pl.col("cash_after_usd")).alias("short")
        )
    )
    return [
        ("accounts whose cash does not balance", rows.filter((cash - pl.col("cash_after_usd")).abs() > CENT)),
        ("accounts short of cash that do not say so", floors.filter(pl.col("short") > pl.col("cash_short_usd") + CENT)),
        ("accounts whose taxes do not add up", rows.filter((pl.col("taxes_usd") - pl.col("tax_usd")).abs() > slack)),
        (
            "accounts whose components do not add up",
            rows.filter((pl.sum_horizontal(terms) - pl.col("objective_usd")).abs() > slack),
        ),
        ("lists worse than none", rows.filter(pl.col("objective_usd") > pl.col("objective_before_usd") + RELATIVE)),
        ("lists better than their bound", rows.filter(pl.col("gap_frac") < -RELATIVE)),
        ("trades under the dust threshold", rows.filter(pl.col("smallest_usd") < pl.col("dust_usd"))),
        ("accounts whose trades are miscounted", rows.filter(pl.col("rows") != pl.col("trade_count"))),
    ]


def _classes(answer: Answer) -> list[tuple[str, pl.DataFrame]]:
    sums = answer.classes.group_by("account_id").agg(pl.col("weight_before_frac", "weight_after_frac").sum())
    # A small value over large longs and overdrafts has large weights: the error is relative to them.
    return [
        (
            f"accounts whose {name} do not sum to one",
            sums.filter((pl.col(name) - 1).abs() > 1e-6),
        )
        for name in ("weight_before_frac", "weight_after_frac")
    ]
