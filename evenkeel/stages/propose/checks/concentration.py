"""Whether one issuer would be too much of a portfolio."""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import AssetType, OrderSide
from evenkeel.stages.propose.by_policy import policy_columns
from evenkeel.stages.propose.checks.finding import TOLERANCE, chosen, findings, listed, sentences
from evenkeel.stages.propose.checks.situation import Situation
from evenkeel.stages.wording import percent

SPREAD = [AssetType.ETF.value, AssetType.MUTUAL_FUND.value, AssetType.MONEY_MARKET.value, AssetType.CASH.value]
"""Funds hold many issuers, and cash is exempt."""
_NAMED_ONLY = [AssetType.BOND.value, AssetType.OPTION.value, AssetType.FUTURE.value, AssetType.ANNUITY.value]
"""Counted where the book names an issuer; a stock or private holding without one is an issuer of its own."""
_TREASURY_CUSIPS = "^912[78]"
"""US Treasury bills, notes, bonds and TIPS."""


def is_treasury() -> pl.Expr:
    """Tell which securities of the book are the US Treasury's."""
    is_one = (pl.col("asset_type") == AssetType.BOND.value) & pl.col("cusip").str.contains(_TREASURY_CUSIPS)
    return is_one.fill_null(False)


def issuers(situation: Situation) -> pl.DataFrame:
    """Return `security_id` and `issuer` of the securities that count to one."""
    securities = situation.book.securities
    own = pl.when(~pl.col("asset_type").is_in(_NAMED_ONLY)).then("security_id")
    return (
        securities.filter(~pl.col("asset_type").is_in(SPREAD), ~is_treasury())
        .select("security_id", pl.coalesce("issuer_id", own).alias("issuer"))
        .drop_nulls("issuer")
    )


def check_concentration(situation: Situation) -> pl.DataFrame:
    """Judge each issuer's share of the portfolio after the trades.

    Failed: above the policy's `max_issuer_frac`, and something of the issuer is bought. Warned: above it, but held already and not bought.
    Not known: the portfolio's value is not above zero.
    """
    of_issuer = issuers(situation)
    bought = (
        situation.trades.filter(pl.col("side") == OrderSide.BUY.value)
        .join(of_issuer, on="security_id")
        .select("portfolio_id", "issuer", pl.lit(True).alias("is_bought"))
        .unique()
    )
    limit = policy_columns(
        situation.proposals, situation.policies, {"limit_frac": lambda policy: policy.trading.max_issuer_frac}
    )
    shares = (
        situation.positions.join(of_issuer, on="security_id")
        .group_by("portfolio_id", "issuer")
        .agg(pl.col("after_cents").sum())
        .join(situation.nav.filter(pl.col("nav_cents") > 0), on="portfolio_id")
        .join(bought, on=["portfolio_id", "issuer"], how="left")
        .join(limit, on="portfolio_id")
        .with_columns(
            (pl.col("after_cents") / pl.col("nav_cents")).alias("share"), pl.col("is_bought").fill_null(False)
        )
        .with_columns((pl.col("share") > pl.col("limit_frac") + TOLERANCE).alias("is_over"))
        .sort("portfolio_id", pl.col("share"), "issuer", descending=[False, True, False])
        .with_columns(pl.format("{} {} %", "issuer", percent(pl.col("share"))).alias("said"))
        .group_by("portfolio_id", maintain_order=True)
        .agg(
            pl.col("issuer").first().alias("largest_issuer"),
            pl.col("share").first().alias("largest_frac"),
            pl.col("said").filter(pl.col("is_over") & pl.col("is_bought")).alias("bought"),
            pl.col("said").filter(pl.col("is_over") & ~pl.col("is_bought")).alias("held"),
        )
    )
    rows = (
        limit.join(situation.nav, on="portfolio_id", how="left", maintain_order="left")
        .join(shares, on="portfolio_id", how="left", maintain_order="left")
        .with_columns(pl.col("bought", "held").fill_null([]))
    )
    is_bought, is_held = pl.col("bought").list.len() > 0, pl.col("held").list.len() > 0
    no_value = (pl.col("nav_cents") <= 0).fill_null(True)
    limit_words = percent(pl.col("limit_frac"))
    return findings(
        rows,
        chosen(is_bought, no_value, is_held),
        sentences(
            (
                is_bought,
                pl.format(
                    "More than {} % in one issuer after the trades, and bought: {}.",
                    limit_words,
                    listed(pl.col("bought")),
                ),
            ),
            (
                is_held,
                pl.format(
                    "More than {} % in one issuer, held before and not bought: {}.", limit_words, listed(pl.col("held"))
                ),
            ),
            (no_value, pl.lit("The portfolio has no value to measure shares by.")),
            (
                ~is_bought & ~is_held & pl.col("largest_issuer").is_not_null(),
                pl.format(
                    "The largest issuer after the trades is {} with {} %; the limit is {} %.",
                    "largest_issuer",
                    percent(pl.col("largest_frac")),
                    limit_words,
                ),
            ),
            otherwise=pl.lit("Nothing held counts to one issuer."),
        ),
        ["limit_frac", "largest_issuer", "largest_frac"],
    )
