"""Whether more is sold in an account than the policy's turnover budget."""

from __future__ import annotations

import polars as pl

from evenkeel.stages.propose.by_policy import policy_columns
from evenkeel.stages.propose.checks.finding import chosen, findings, listed, sentences
from evenkeel.stages.propose.checks.situation import IS_SALE, Situation
from evenkeel.stages.wording import percent

CENT = 1
"""Sales are in whole cents, and the budget is not."""


def check_turnover(situation: Situation) -> pl.DataFrame:
    """Judge what is sold in each account, as a share of its value before, by `turnover_budget_frac`; null: nothing is judged.

    Failed: more than the budget. Not known: something is sold in an account without a value above zero. Money funds and everything else
    that is sold count; purchases do not. Figures: `budget_frac`, `largest_sold_frac` (of the account that sells most of its value).
    """
    budget = policy_columns(
        situation.proposals, situation.policies, {"budget_frac": lambda policy: policy.trading.turnover_budget_frac}
    ).with_columns(pl.col("budget_frac").cast(pl.Float64))
    value = situation.positions.group_by("portfolio_id", "account_id").agg(pl.col("before_cents").sum())
    placed = (
        situation.trades.filter(IS_SALE)
        .group_by("portfolio_id", "account_id")
        .agg(pl.col("value_cents").sum().alias("sold_cents"))
        .join(value, on=["portfolio_id", "account_id"], how="left")
        .join(budget.drop_nulls("budget_frac"), on="portfolio_id")
        .with_columns((pl.col("before_cents") > 0).fill_null(False).alias("has_value"))
        .with_columns(
            pl.when("has_value").then(pl.col("sold_cents") / pl.col("before_cents")).alias("sold_frac"),
            (
                pl.col("has_value") & (pl.col("sold_cents") > pl.col("budget_frac") * pl.col("before_cents") + CENT)
            ).alias("is_over"),
        )
    )
    said = pl.format("{} {} %", "account_id", percent(pl.col("sold_frac")))
    told = placed.group_by("portfolio_id").agg(
        said.filter(pl.col("is_over")).sort().alias("over"),
        pl.col("account_id").filter(~pl.col("has_value")).sort().alias("valueless"),
        pl.col("sold_frac").max().alias("largest_sold_frac"),
    )
    rows = budget.join(told, on="portfolio_id", how="left", maintain_order="left").with_columns(
        pl.col("over", "valueless").fill_null([]), pl.col("largest_sold_frac").fill_null(0.0)
    )
    is_judged = pl.col("budget_frac").is_not_null()
    has_over, has_valueless = pl.col("over").list.len() > 0, pl.col("valueless").list.len() > 0
    words = percent(pl.col("budget_frac"))
    return findings(
        rows,
        chosen(has_over, has_valueless, pl.lit(False)),
        sentences(
            (~is_judged, pl.lit("The policy sets no turnover budget.")),
            (
                has_over,
                pl.format(
                    "More is sold than the turnover budget of {} % of an account: {}.", words, listed(pl.col("over"))
                ),
            ),
            (has_valueless, pl.format("No value to measure turnover by: {}.", listed(pl.col("valueless")))),
            otherwise=pl.format(
                "At most {} % of an account's value is sold; the turnover budget is {} %.",
                percent(pl.col("largest_sold_frac")),
                words,
            ),
        ),
        ["budget_frac", "largest_sold_frac"],
    )
