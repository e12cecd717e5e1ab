"""Whose lists are chosen by the year's tax rather than by each lot's own rate, and the engine's tax units for them.

That is where the year so far matters: gains or losses realised, losses carried in, or a budget for the year's gains. In a year without
any of them, and in a list that counts losses only as a preference between lots, the year's tax of gains is each gain at its own rate. A
list for harvesting counts its losses in full, at the lots' own rates; only where it may sell gains too, and a budget holds for them, is it
netted, and there what its losses leave over for later years is worth the long-term rate.

The engine nets what it solves together, so a portfolio's accounts of one tax unit are one unit to it (`engine_unit_id`); each portfolio is
taken alone against the year so far, with its share of the budget.
"""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import FilingStatus
from evenkeel.book.model import Book
from evenkeel.engine.tables.inputs import TaxUnits
from evenkeel.policy.model import TradingRule
from evenkeel.rules.netting import LOSS_LIMIT_CENTS
from evenkeel.stages.propose.kinds import TERMS

YEAR = ("realised_short_usd", "realised_long_usd", "carry_short_usd", "carry_long_usd")
_LIMITS = {status.value: LOSS_LIMIT_CENTS[status] / 100 for status in FilingStatus}


def netted_accounts(accounts: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    """Return which accounts' lists are chosen by the year's tax.

    Args:
        accounts: As in `Case`.
        units: As `units_of_year` returns them.

    Returns:
        `account_id`, `tax_unit_id`, `engine_unit_id`, `free_gain_usd` (gains that losses beyond what lowers other income take up),
        `used_up_rate` (what a dollar of those losses is worth by policy), `counts_losses` (losses count in full, as a harvest's do).
    """
    counts_losses = pl.col("kind").is_in([kind.value for kind, terms in TERMS.items() if terms.harvests])
    sells_gains = pl.col("kind").is_in([kind.value for kind, terms in TERMS.items() if not terms.only_losses])
    carried = pl.when("counts_losses").then(_later("long_rate_frac")).otherwise("carry_value_frac")
    lost = -sum((pl.col(name) * sign for name, sign in zip(YEAR, (1, 1, -1, -1), strict=True)), pl.lit(0.0))
    return (
        accounts.filter(pl.col("short_rate") > 0)
        .select(
            "account_id",
            "tax_unit_id",
            pl.format("{} {}", "portfolio_id", "tax_unit_id").alias("engine_unit_id"),
            counts_losses.alias("counts_losses"),
            sells_gains.alias("sells_gains"),
        )
        .join(units, on="tax_unit_id", how="inner")
        .filter(~pl.col("counts_losses") | (pl.col("sells_gains") & pl.col("gain_budget_usd").is_not_null()))
        .select(
            "account_id",
            "tax_unit_id",
            "engine_unit_id",
            (lost - pl.col("deduction_limit_usd")).clip(lower_bound=0.0).alias("free_gain_usd"),
            carried.alias("used_up_rate"),
            "counts_losses",
        )
        .sort("account_id")
    )


def units_of_year(year: pl.DataFrame, book: Book, trading: TradingRule) -> pl.DataFrame:
    """Return the engine's tax units of the book with a year so far or a gain budget; one whose rates the engine cannot take is left out.

    `year`: as `tax_year.year_to_date` returns it.
    """
    is_any = pl.any_horizontal(pl.col(name) != 0 for name in YEAR)
    rates = book.tax_units.select(
        "tax_unit_id",
        pl.col("short_term_rate_frac").fill_null(trading.short_term_rate_frac).alias("short_rate_frac"),
        pl.col("long_term_rate_frac").fill_null(trading.long_term_rate_frac).alias("long_rate_frac"),
        pl.col("state_rate_frac").fill_null(0.0),
        pl.col("gain_budget_usd").cast(pl.Float64),
        pl.col("filing_status").replace_strict(_LIMITS, return_dtype=pl.Float64).alias("deduction_limit_usd"),
    )
    carried = pl.min_horizontal(
        pl.lit(trading.carried_loss_value_frac), pl.col("short_rate_frac") + pl.col("state_rate_frac")
    )
    rows = (
        year.join(rates, on="tax_unit_id", how="inner")
        .filter(is_any | pl.col("gain_budget_usd").is_not_null())
        .filter(pl.col("long_rate_frac") <= pl.col("short_rate_frac"))
        .with_columns(
            pl.col("short_rate_frac").alias("ordinary_rate_frac"),
            carried.alias("carry_value_frac"),
        )
    )
    return rows.select(pl.col(name).cast(kind) for name, kind in TaxUnits.polars_schema().items()).sort("tax_unit_id")


def engine_units(netted: pl.DataFrame, units: pl.DataFrame, rooms: pl.DataFrame) -> pl.DataFrame:
    """Return the engine's tax units: each its unit's year, and the shares of the budget that its accounts have.

    Args:
        netted: As `netted_accounts` returns it.
        units: As `units_of_year` returns them.
        rooms: As `gain_budgets.gain_rooms` returns them.
    """
    realised = pl.col("realised_short_usd") + pl.col("realised_long_usd")
    rows = (
        netted.join(rooms, on="account_id", how="left")
        .group_by("engine_unit_id", "tax_unit_id")
        .agg(pl.col("room_usd").fill_null(0.0).sum(), pl.col("used_up_rate").first())
        .join(units, on="tax_unit_id", how="inner")
        .with_columns(
            pl.col("engine_unit_id").alias("tax_unit_id"),
            pl.when(pl.col("gain_budget_usd").is_not_null())
            .then(realised + pl.col("room_usd"))
            .alias("gain_budget_usd"),
            pl.col("used_up_rate").alias("carry_value_frac"),
        )
    )
    return rows.select(units.columns).sort("tax_unit_id")


def _later(rate: str) -> pl.Expr:
    """Return what a dollar of loss carried over is worth at that rate: never more than this year's deduction."""
    return pl.min_horizontal(
        pl.col(rate) + pl.col("state_rate_frac"), pl.col("ordinary_rate_frac") + pl.col("state_rate_frac")
    )
