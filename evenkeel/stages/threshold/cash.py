"""Rule `cash_shortfall`: pro-forma cash that is negative, or less than what must stay."""

from __future__ import annotations

import polars as pl

from data_contracts.fields import MONEY_DTYPE
from data_contracts.vocab import AssetClass, BandSource, NodeLevel, Rule
from evenkeel.policy.model import COMPARE_TOLERANCE
from evenkeel.stages.drift.nodes import cents
from evenkeel.stages.threshold.banding import Drawn
from evenkeel.stages.threshold.counting import SMALLEST_TARGET, case_words
from evenkeel.stages.threshold.profiles import Profiles

_CASH = AssetClass.CASH.value


def count_cash(drawn: Drawn, holdings: pl.DataFrame, accounts: pl.DataFrame, profiles: Profiles) -> pl.DataFrame:
    """Return one row per due portfolio that is short of cash (columns of `breaches` but the date).

        short of an account = max(min_cash_usd, 0) - its cash, where > 0;  summed over accounts
        short by the IPS    = min_cash_frac * value - the portfolio's cash, where > 0
        severity_frac       = the larger of the two / value

    Cash is the class `cash`; value and cash are pro forma. One account's cash does not help another's: it cannot pay its withdrawals.
    A portfolio short by what is held alone has a breach `is_in_flight`: orders or money on their way cure it.

    Args:
        drawn: For the cash node's target and band.
        holdings: For cash by account.
        accounts: `data_contracts.book.accounts`, for `min_cash_usd`.
        profiles: What holds for each portfolio.
    """
    people = profiles.portfolios.with_row_index("portfolio").filter("is_due")
    node = drawn.rows.filter(pl.col("level") == NodeLevel.CLASS.value, pl.col("node_id") == _CASH).select(
        "portfolio", "weight_frac", "held_frac", "target_frac", "below"
    )
    by_accounts = _short_accounts(holdings, accounts, people)
    by_ips = (
        people.filter(pl.col("min_cash_frac") > 0)
        .select("portfolio", "min_cash_frac")
        .join(node, on="portfolio", how="left")
        .select(
            "portfolio",
            "min_cash_frac",
            (pl.col("min_cash_frac") - pl.col("weight_frac").fill_null(0.0)).alias("ips_short"),
            (pl.col("min_cash_frac") - pl.col("held_frac").fill_null(0.0)).alias("ips_held_short"),
        )
    )
    short = (
        by_accounts.join(by_ips, on="portfolio", how="full", coalesce=True)
        .join(people.select("portfolio", "portfolio_id", "household_id", "case", "proforma_cents"), on="portfolio")
        .join(node, on="portfolio", how="left")
        .with_columns(
            (pl.col("short_cents") / pl.col("proforma_cents")).fill_null(0.0).alias("account_short"),
            (pl.col("held_short_cents") / pl.col("proforma_cents")).fill_null(0.0).alias("account_held_short"),
            pl.col("ips_short", "ips_held_short", "weight_frac", "held_frac", "target_frac", "below").fill_null(0.0),
            pl.col("short_cents", "held_short_cents").fill_null(0),
        )
        .with_columns(
            ((pl.col("short_cents") > 0) | (pl.col("ips_short") > COMPARE_TOLERANCE)).alias("is_short"),
            ((pl.col("held_short_cents") > 0) | (pl.col("ips_held_short") > COMPARE_TOLERANCE)).alias("is_held_short"),
        )
        .filter(pl.col("is_short") | pl.col("is_held_short"))
        .sort("portfolio")
    )
    return _as_breaches(short, profiles)


def _short_accounts(holdings: pl.DataFrame, accounts: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Return `portfolio`, `short_cents`, `held_short_cents`, `has_minimum` of portfolios with an account that is short."""
    cash = (
        holdings.filter(pl.col("asset_class") == _CASH)
        .group_by("portfolio_id", "account_id")
        .agg(cents("proforma_usd").sum().alias("cash"), cents("value_usd").sum().alias("held_cash"))
    )
    minimum = accounts.filter(pl.col("min_cash_usd") > 0).select(
        "account_id", "portfolio_id", (pl.col("min_cash_usd").round(2).cast(MONEY_DTYPE)).alias("minimum_usd")
    )
    # An account whose custodian sends no cash line holds none; only accounts that are measured count.
    measured = minimum.join(people.select("portfolio_id"), on="portfolio_id", how="semi").join(
        holdings.select("account_id").unique() if minimum.height else cash.select("account_id"),
        on="account_id",
        how="semi",
    )
    return (
        cash.join(
            measured.select("portfolio_id", "account_id", cents("minimum_usd").alias("minimum")),
            on=["portfolio_id", "account_id"],
            how="full",
            coalesce=True,
        )
        .with_columns(pl.col("minimum", "cash", "held_cash").fill_null(0))
        .with_columns(
            (pl.col("minimum") - pl.col("cash")).clip(lower_bound=0).alias("short_cents"),
            (pl.col("minimum") - pl.col("held_cash")).clip(lower_bound=0).alias("held_short_cents"),
        )
        .filter((pl.col("short_cents") > 0) | (pl.col("held_short_cents") > 0))
        .group_by("portfolio_id")
        .agg(pl.col("short_cents", "held_short_cents").sum(), (pl.col("minimum") > 0).any().alias("has_minimum"))
        .join(people.select("portfolio", "portfolio_id"), on="portfolio_id", how="inner")
        .drop("portfolio_id")
    )


def _as_breaches(short: pl.DataFrame, profiles: Profiles) -> pl.DataFrame:
    words = case_words(profiles).with_columns(
        pl.Series("urgency", [case.policy.cash.shortfall_urgency.value for case in profiles.cases], dtype=pl.String)
    )
    of_case = words.select(pl.all().gather(short["case"]))
    in_flight = ~pl.col("is_short")
    ips_short = pl.when(in_flight).then("ips_held_short").otherwise("ips_short")
    account_short = pl.when(in_flight).then("account_held_short").otherwise("account_short")
    by_ips = ips_short > pl.max_horizontal(account_short, COMPARE_TOLERANCE)
    severity = pl.max_horizontal(ips_short, account_short, 0.0)
    below_zero = pl.when(in_flight).then("held_frac").otherwise("weight_frac") < 0
    return pl.concat([short, of_case], how="horizontal").select(
        "portfolio_id",
        pl.lit(Rule.CASH_SHORTFALL.value).alias("rule"),
        "household_id",
        severity.alias("severity_frac"),
        (
            severity
            / pl.when(pl.col("below") > 0).then("below").otherwise(pl.max_horizontal("target_frac", SMALLEST_TARGET))
        ).alias("relative_severity"),
        pl.lit(NodeLevel.CLASS.value).alias("worst_level"),
        pl.lit(_CASH).alias("worst_node_id"),
        (pl.when(in_flight).then("held_frac").otherwise("weight_frac") - pl.col("target_frac")).alias(
            "worst_drift_frac"
        ),
        pl.lit(1, pl.Int64).alias("outside_count"),
        (ips_short > COMPARE_TOLERANCE).alias("has_ips_breach"),
        in_flight.alias("is_in_flight"),
        "how_far",
        "urgency",
        pl.when(by_ips)
        .then(pl.lit(BandSource.IPS.value))
        .when(pl.col("has_minimum").fill_null(False))
        .then(pl.lit(BandSource.ACCOUNT.value))
        .otherwise(pl.lit(BandSource.DEFAULT.value))
        .alias("band_source"),
        pl.when(by_ips)
        .then(
            pl.format(
                "IPS: cash at least {} %",
                (pl.col("min_cash_frac") * 100).round(4).cast(pl.String).str.strip_suffix(".0"),
            )
        )
        .when(pl.col("has_minimum").fill_null(False))
        .then(pl.lit("cash below the minimum that must stay in an account"))
        .when(below_zero)
        .then(pl.lit("cash below zero"))
        .otherwise(pl.lit("an account's cash below zero"))
        .alias("band_text"),
        "workflow",
        pl.lit("band").alias("trigger"),
    )
