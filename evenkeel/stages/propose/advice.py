"""Act now, or wait until the gains to be realised are long-term."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import polars as pl

from data_contracts.vocab import Advice, OrderSide
from evenkeel.policy.model import Policy
from evenkeel.rules.whole_numbers import cents_expr, usd_expr
from evenkeel.stages.propose.by_policy import policy_columns


def act_or_wait(
    trades: pl.DataFrame, proposals: pl.DataFrame, policies: Mapping[str, Policy], trade_date: dt.date
) -> pl.DataFrame:
    """Return, for each proposal, whether waiting for long-term status is worth it.

        saving of a lot = gain_usd * (short_rate_frac - long_rate_frac), where > 0, to the cent

    A lot counts where it is sold at a gain that is short-term on `trade_date` and becomes long-term within the policy's `wait_days`. A
    loss never waits: as a short-term one it is worth more. Prices are taken to stand still, and the rates are the lot's own: where
    losses of the year would take up the gain anyway, give the rates of the next dollar of the tax unit, and nothing is claimed.

    Args:
        trades: Sales among them; other rows are passed over. `portfolio_id`, `side`, `gain_usd`, `is_long_term`, `long_term_date` as in
            `data_contracts.trades`; `short_rate_frac`, `long_rate_frac`: rates of the lot's tax unit, the state's included; null or 0
            where nothing is taxed.
        proposals: `portfolio_id`, `policy_version` (a policy's label), `is_urgent`: a cash shortfall, or outside an IPS limit. Such a
            one never waits; what waiting would save is told all the same.
        policies: Policies by label.
        trade_date: When the sales would trade.

    Returns:
        One row a row of `proposals`, in its order: `portfolio_id`, `advice` (`vocab.Advice`), `wait_until_date` (the latest date on
        which one of those lots becomes long-term), `wait_saves_usd`. The last two are null where the saving does not reach the policy's
        `wait_min_usd`; where it does the advice is `wait`, or the alert is urgent.

    Raises:
        ValueError: A proposal names a policy that was not given.
    """
    terms = policy_columns(
        proposals,
        policies,
        {
            "wait_days": lambda policy: policy.trading.wait_days,
            "wait_min_usd": lambda policy: policy.trading.wait_min_usd,
        },
    )
    days = (pl.col("long_term_date") - pl.lit(trade_date)).dt.total_days()
    rate = pl.col("short_rate_frac") - pl.col("long_rate_frac")
    waiting = (
        trades.filter(pl.col("side") == OrderSide.SELL.value, ~pl.col("is_long_term"), pl.col("gain_usd") > 0, days > 0)
        .join(terms, on="portfolio_id", how="inner")
        .filter(days <= pl.col("wait_days"))
        .with_columns(cents_expr((pl.col("gain_usd").cast(pl.Float64) * rate).round(2)).alias("saving"))
        .filter(pl.col("saving") > 0)
        .group_by("portfolio_id")
        .agg(pl.col("long_term_date").max().alias("wait_until_date"), pl.col("saving").sum())
    )
    is_worth_it = (pl.col("saving").cast(pl.Float64) / 100 >= pl.col("wait_min_usd")).fill_null(False)
    return (
        pl.concat([proposals.select("portfolio_id", "is_urgent"), terms.select("wait_min_usd")], how="horizontal")
        .join(waiting, on="portfolio_id", how="left", maintain_order="left")
        .select(
            "portfolio_id",
            pl.when(is_worth_it & ~pl.col("is_urgent"))
            .then(pl.lit(Advice.WAIT.value))
            .otherwise(pl.lit(Advice.ACT_NOW.value))
            .alias("advice"),
            pl.when(is_worth_it).then("wait_until_date").alias("wait_until_date"),
            pl.when(is_worth_it).then(usd_expr("saving")).alias("wait_saves_usd"),
        )
    )
