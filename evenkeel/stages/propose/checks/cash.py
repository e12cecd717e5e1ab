"""Whether every account has the cash it needs after the trades."""

from __future__ import annotations

import polars as pl

from data_contracts.fields import MONEY_DTYPE
from data_contracts.vocab import AssetClass
from evenkeel.stages.propose.checks.finding import chosen, findings, sentences
from evenkeel.stages.propose.checks.situation import CASH_ID, Situation
from evenkeel.stages.wording import counted, small_dollars


def check_cash(situation: Situation) -> pl.DataFrame:
    """Judge each account's cash, pro forma: what is in flight and spoken for is counted as done; costs and taxes are not paid from it.

    Cash is the class `cash`, money funds among it, as rule `cash_shortfall` has it. Failed: some account is below zero or lacks some of its
    `min_cash_usd`, by more than before. Warned: by no more than before; or its dollars (`CASH:USD`) are below zero by more than before and
    money funds cover them, which must then be sold first where the custodian does not do so by itself.
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
            *((pl.col("minimum") - pl.col(f"{w}_cash")).clip(lower_bound=0).alias(f"{w}_short") for w in when),
            *((-pl.col(f"{w}_dollars")).clip(lower_bound=0).alias(f"{w}_over") for w in when),
        )
    )
    is_short, is_worse = pl.col("after_short") > 0, pl.col("after_short") > pl.col("before_short")
    by_funds = ~is_short & (pl.col("after_over") > pl.col("before_over"))
    told = accounts.group_by("portfolio_id").agg(
        *(
            figure.alias(f"{name}_{unit}")
            for name, which, cents in (
                ("worse", is_short & is_worse, "after_short"),
                ("still", is_short & ~is_worse, "after_short"),
                ("funds", by_funds, "after_over"),
            )
            for unit, figure in (
                ("count", which.sum().cast(pl.Int64)),
                ("usd", pl.col(cents).filter(which).sum() / 100),
            )
        )
    )
    counts, sums = ("worse_count", "still_count", "funds_count"), ("worse_usd", "still_usd", "funds_usd")
    rows = (
        situation.proposals.select("portfolio_id")
        .join(told, on="portfolio_id", how="left", maintain_order="left")
        .with_columns(pl.col(*counts).fill_null(0), pl.col(*sums).fill_null(0.0))
    )
    is_made_worse, is_left, needs_funds = (pl.col(name) > 0 for name in counts)
    return findings(
        rows,
        chosen(is_made_worse, pl.lit(False), is_left | needs_funds),
        sentences(
            (
                is_made_worse,
                pl.format(
                    "The trades leave {} overdrawn or below the cash that must stay, by {} in all.",
                    counted(pl.col("worse_count"), "account", "accounts"),
                    small_dollars(pl.col("worse_usd")),
                ),
            ),
            (
                is_left,
                pl.format(
                    "{} still overdrawn or below the cash that must stay, by {} in all, no more than before.",
                    counted(pl.col("still_count"), "account is", "accounts are"),
                    small_dollars(pl.col("still_usd")),
                ),
            ),
            (
                needs_funds,
                pl.format(
                    "Purchases for {} are paid from money funds, to be sold first.", small_dollars(pl.col("funds_usd"))
                ),
            ),
            otherwise=pl.lit("No account is overdrawn or below the cash that must stay."),
        ),
        [*counts, *sums],
    )


def cents_of_minimum() -> pl.Expr:
    """Return `min_cash_usd` in whole cents."""
    return pl.col("min_cash_usd").round(2).cast(MONEY_DTYPE).to_physical().cast(pl.Int64)
