"""What the trades of a proposal add to the year's tax: the year with them less the year without, gains and losses netted.

A proposal is taken alone: what other proposals of the same tax unit would realise is not in it.
"""

from __future__ import annotations

import polars as pl

from evenkeel.book.model import Book
from evenkeel.policy.model import TradingRule
from evenkeel.rules.netting_many import year_tax_of_many

_CARRIED = ("realised_short_usd", "realised_long_usd", "carry_short_usd", "carry_long_usd")


def year_taxes(
    trades: pl.DataFrame, accounts: pl.DataFrame, year: pl.DataFrame, book: Book, trading: TradingRule
) -> pl.DataFrame:
    """Return the gains and taxes of each portfolio's trades.

    Args:
        trades: As `trade_rows` returns them.
        accounts: As in `Case`.
        year: `tax_unit_id`, `realised_short_usd`, `realised_long_usd`, `carry_short_usd`, `carry_long_usd` so far this year, and
            `is_complete` (whether these are all; a year without it is).
        book: For the tax units' rates and filing status.
        trading: Rates of a unit that states none.

    Returns:
        `portfolio_id`, `short_term_gain_usd`, `long_term_gain_usd`, `disallowed_usd`, `federal_tax_usd`, `state_tax_usd`, `net_tax_usd`
        (Decimal), `is_tax_year_known` (what every tax unit of the sales has realised before is known whole; where an account has no tax
        unit on record it is not), of portfolios with a sale in a taxable account.
    """
    sales = trades.filter(
        pl.col("side") == "sell", pl.col("gain_usd").is_not_null(), pl.col("short_rate_frac") > 0
    ).join(accounts.select("account_id", "tax_unit_id"), on="account_id", how="left")
    allowed = pl.col("gain_usd") + pl.col("disallowed_usd")
    # A gain of a lot whose age is not known counts as short-term, a loss of one as nothing.
    is_long = pl.col("is_long_term").fill_null(False)
    counts = pl.col("is_long_term").is_not_null() | (allowed > 0)
    zero = pl.lit(0).cast(pl.Decimal(38, 2))
    units = sales.group_by("portfolio_id", "tax_unit_id").agg(
        pl.when(counts & ~is_long).then(allowed).otherwise(zero).sum().alias("short_term_gain_usd"),
        pl.when(counts & is_long).then(allowed).otherwise(zero).sum().alias("long_term_gain_usd"),
        pl.col("disallowed_usd").sum(),
        pl.col("short_rate_frac").first(),
        pl.col("long_rate_frac").first(),
    )
    known = units.filter(pl.col("tax_unit_id").is_not_null())
    rates = book.tax_units.select(
        "tax_unit_id",
        "filing_status",
        pl.col("short_term_rate_frac").fill_null(trading.short_term_rate_frac).alias("fed_short"),
        pl.col("long_term_rate_frac").fill_null(trading.long_term_rate_frac).alias("fed_long"),
        pl.col("state_rate_frac").fill_null(0.0).alias("state"),
        pl.col("income_usd").alias("ordinary_usd"),
    )
    is_complete = pl.col("is_complete") if "is_complete" in year.columns else pl.lit(True)
    rows = (
        known.join(rates, on="tax_unit_id", how="left")
        .join(year.select("tax_unit_id", *_CARRIED, is_complete.alias("is_known")), on="tax_unit_id", how="left")
        .with_columns(pl.col(_CARRIED).fill_null(0), pl.col("is_known").fill_null(False))
        .with_columns(pl.format("{}|{}", "portfolio_id", "tax_unit_id").alias("key"))
        .sort("key")
    )
    without, with_trades = _taxes(rows, False), _taxes(rows, True)
    netted = rows.select("portfolio_id", "short_term_gain_usd", "long_term_gain_usd", "disallowed_usd").with_columns(
        (with_trades["federal"] - without["federal"]).alias("federal_tax_usd"),
        (with_trades["state_usd"] - without["state_usd"]).alias("state_tax_usd"),
        rows["is_known"],
    )
    # Nobody's year to net with: each gain at its own rate.
    alone = units.filter(pl.col("tax_unit_id").is_null()).select(
        "portfolio_id",
        "short_term_gain_usd",
        "long_term_gain_usd",
        "disallowed_usd",
        (
            pl.col("short_term_gain_usd").cast(pl.Float64) * pl.col("short_rate_frac")
            + pl.col("long_term_gain_usd").cast(pl.Float64) * pl.col("long_rate_frac")
        )
        .round(2)
        .cast(pl.Decimal(38, 2))
        .alias("federal_tax_usd"),
        zero.alias("state_tax_usd"),
        pl.lit(False).alias("is_known"),
    )
    both = pl.concat([netted.select(alone.columns).cast(alone.schema), alone])
    return (
        both.group_by("portfolio_id")
        .agg(pl.col(alone.columns[1:-1]).sum(), pl.col("is_known").all().alias("is_tax_year_known"))
        .with_columns((pl.col("federal_tax_usd") + pl.col("state_tax_usd")).alias("net_tax_usd"))
        .sort("portfolio_id")
    )


def year_notes(taxes: pl.DataFrame) -> pl.DataFrame:
    """Return what to note of these taxes (as `year_taxes` returns them): `portfolio_id`, `one`."""
    said = "Not all that was realised this year before is known: the taxes are worked out with what is, and may differ."
    return taxes.filter(~pl.col("is_tax_year_known")).select("portfolio_id", pl.lit(said).alias("one"))


def _taxes(rows: pl.DataFrame, is_with_trades: bool) -> pl.DataFrame:
    more = {term: pl.col(f"{term}_term_gain_usd") if is_with_trades else pl.lit(0) for term in ("short", "long")}
    units = rows.select(
        pl.col("key").alias("tax_unit_id"),
        (pl.col("realised_short_usd") + more["short"]).alias("realised_short_usd"),
        (pl.col("realised_long_usd") + more["long"]).alias("realised_long_usd"),
        "carry_short_usd",
        "carry_long_usd",
        "filing_status",
        pl.col("fed_short").alias("short_rate_frac"),
        pl.col("fed_long").alias("long_rate_frac"),
        pl.col("fed_short").alias("ordinary_rate_frac"),
        pl.col("state").alias("state_rate_frac"),
        "ordinary_usd",
        pl.lit(None, pl.Decimal(38, 2)).alias("investment_usd"),
        pl.lit(None, pl.Decimal(38, 2)).alias("adjusted_gross_usd"),
        pl.lit(None, pl.Decimal(38, 2)).alias("niit_threshold_usd"),
    )
    taxed = year_tax_of_many(units)
    return taxed.select((pl.col("federal_gain_usd") + pl.col("federal_saving_usd")).alias("federal"), "state_usd")
