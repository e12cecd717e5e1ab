"""Whether every account has the cash it needs after the trades."""

from __future__ import annotations

import polars as pl

from data_contracts.fields import MONEY_DTYPE
from data_contracts.vocab import AssetClass
from evenkeel.stages.propose.checks.finding import chosen, findings, sentences
from evenkeel.stages.propose.checks.situation import CASH_ID, Situation
from evenkeel.stages.wording import counted, dollars


def check_cash(situation: Situation) -> pl.DataFrame:
    """Judge each account's cash, pro forma: what is in flight and spoken for is counted as done; costs and taxes are not paid from it.

    An account is overdrawn by the dollars (`CASH:USD`) it is below zero, whatever money funds it holds: those must be sold first. It is
    short by what its class `cash` lacks of `min_cash_usd`, as rule `cash_shortfall` has it. Failed: some account is overdrawn or short, by
    more than before. Warned: by no more than before.
    """
    minimum = situation.book.accounts.select("account_id", cents_of_minimum().alias("minimum"))
    when = ("before", "after")
    is_cash = pl.col("asset_class") == AssetClass.CASH.value
    accounts = (
        situation.positions.group_by("portfolio_id", "account_id")
        .agg(
            *(pl.col(f"{w}_cents").filter(pl.col("security_id") == CASH_ID).sum().alias(f"{w}_dollars") for w in when),
            *(pl.col(f"{w}_cents").filter(is_cash).sum().alias(f"{w}_cash") for w in when),
        )
        .join(minimum, on="account_id", how="left")
        .with_columns(pl.col("minimum").fill_null(0).clip(lower_bound=0))
        .with_columns(
            *((-pl.col(f"{w}_dollars")).clip(lower_bound=0).alias(f"{w}_over") for w in when),
            *(
                pl.when(pl.col("minimum") > 0)
                .then((pl.col("minimum") - pl.col(f"{w}_cash")).clip(lower_bound=0))
                .otherwise(0)
                .alias(f"{w}_short")
                for w in when
            ),
        )
    )
    is_bad = (pl.col("after_over") > 0) | (pl.col("after_short") > 0)
    is_worse = (pl.col("after_over") > pl.col("before_over")) | (pl.col("after_short") > pl.col("before_short"))
    lacks = pl.max_horizontal("after_over", "after_short")
    told = accounts.group_by("portfolio_id").agg(
        (is_bad & is_worse).sum().cast(pl.Int64).alias("worse_count"),
        (is_bad & ~is_worse).sum().cast(pl.Int64).alias("still_count"),
        (lacks.filter(is_bad & is_worse).sum() / 100).alias("worse_usd"),
        (lacks.filter(is_bad & ~is_worse).sum() / 100).alias("still_usd"),
    )
    rows = (
        situation.proposals.select("portfolio_id")
        .join(told, on="portfolio_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("worse_count", "still_count").fill_null(0), pl.col("worse_usd", "still_usd").fill_null(0.0)
        )
    )
    is_made_worse, is_left = pl.col("worse_count") > 0, pl.col("still_count") > 0
    return findings(
        rows,
        chosen(is_made_worse, pl.lit(False), is_left),
        sentences(
            (
                is_made_worse,
                pl.format(
                    "The trades leave {} overdrawn or below the cash that must stay, by {} in all.",
                    counted(pl.col("worse_count"), "account", "accounts"),
                    dollars(pl.col("worse_usd")),
                ),
            ),
            (
                is_left,
                pl.format(
                    "{} still overdrawn or below the cash that must stay, by {} in all, no more than before.",
                    counted(pl.col("still_count"), "account is", "accounts are"),
                    dollars(pl.col("still_usd")),
                ),
            ),
            otherwise=pl.lit("No account is overdrawn or below the cash that must stay."),
        ),
        ["worse_count", "worse_usd", "still_count", "still_usd"],
    )


def cents_of_minimum() -> pl.Expr:
    """Return `min_cash_usd` in whole cents."""
    return pl.col("min_cash_usd").round(2).cast(MONEY_DTYPE).to_physical().cast(pl.Int64)
