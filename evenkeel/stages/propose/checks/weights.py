"""Whether a security is past the largest or under the least weight that a restriction asks for."""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import OrderSide, RestrictionKind
from evenkeel.stages.propose.checks.finding import TOLERANCE
from evenkeel.stages.propose.checks.restricted import in_force
from evenkeel.stages.propose.checks.situation import Situation
from evenkeel.stages.wording import percent

_PLACE = ["portfolio_id", "security_id"]


def past_weights(situation: Situation) -> pl.DataFrame:
    """Return the weights of restrictions that a portfolio is past after the trades.

    A cent an account is let pass: values are whole cents. A portfolio without a value has no weights.

    Returns:
        `portfolio_id`, `restriction_id`, `said`, `is_traded`: the security is bought, and above its largest; or sold, and below its least.
    """
    book = situation.book
    is_most = pl.col("kind") == RestrictionKind.MAX_WEIGHT.value
    held = in_force(book, situation.trade_date).filter(is_most | (pl.col("kind") == RestrictionKind.MIN_WEIGHT.value))
    portfolios = situation.proposals.select("portfolio_id").join(
        book.portfolios.select("portfolio_id", "household_id"), on="portfolio_id", how="left"
    )
    columns = ["portfolio_id", "security_id", "restriction_id", "kind", "weight_frac"]
    wanted = pl.concat(
        [
            portfolios.join(held.filter(pl.col("scope") == "firm"), how="cross").select(columns),
            *(
                portfolios.with_columns(pl.col(column).alias("scope_id"))
                .join(held.filter(pl.col("scope") == scope), on="scope_id")
                .select(columns)
                for scope, column in (("portfolio", "portfolio_id"), ("household", "household_id"))
            ),
        ]
    )
    after = situation.positions.group_by(_PLACE).agg(
        pl.col("after_cents").sum(), pl.len().cast(pl.Int64).alias("slack_cents")
    )
    side = pl.when(is_most).then(pl.lit(OrderSide.BUY.value)).otherwise(pl.lit(OrderSide.SELL.value))
    traded = situation.trades.select(*_PLACE, "side", pl.lit(True).alias("is_traded")).unique()
    limit = pl.col("weight_frac") * pl.col("nav_cents")
    slack = pl.col("slack_cents") + TOLERANCE * pl.col("nav_cents")
    is_past = (
        pl.when(is_most).then(pl.col("after_cents") > limit + slack).otherwise(pl.col("after_cents") < limit - slack)
    )
    share = percent(pl.col("after_cents") / pl.col("nav_cents"))
    words = pl.when(is_most).then(pl.lit("at most")).otherwise(pl.lit("at least"))
    return (
        wanted.join(situation.nav.filter(pl.col("nav_cents") > 0), on="portfolio_id")
        .join(after, on=_PLACE, how="left")
        .with_columns(pl.col("after_cents").fill_null(0), pl.col("slack_cents").fill_null(1), side.alias("side"))
        .filter(is_past)
        .join(traded, on=[*_PLACE, "side"], how="left")
        .select(
            "portfolio_id",
            "restriction_id",
            pl.format(
                "{} has {} % after the trades, {} {} % is wanted (restriction {})",
                "security_id",
                share,
                words,
                percent(pl.col("weight_frac")),
                "restriction_id",
            ).alias("said"),
            pl.col("is_traded").fill_null(False),
        )
    )
