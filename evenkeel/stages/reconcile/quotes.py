"""What prices there are: of each custodian's rows, of markets and portfolio systems, and of the session before.

Which of them is believed belongs in `pricing`.
"""

from __future__ import annotations

import datetime as dt

import polars as pl

from data_contracts.vocab import (
    AssetClass,
    AssetType,
    Check,
    ExceptionEffect,
    ExceptionScope,
)
from evenkeel.stages.reconcile.findings import Findings

EXCHANGE_TYPES = (AssetType.STOCK.value, AssetType.ETF.value, AssetType.OPTION.value, AssetType.FUTURE.value)


def last_prices(ledger: pl.DataFrame | None) -> pl.DataFrame:
    """Return `security_id`, `currency`, `last`: the price that most ledger rows hold of a security."""
    if ledger is None or not ledger.height:
        return pl.DataFrame(schema={"security_id": pl.String(), "currency": pl.String(), "last": pl.Float64()})
    return (
        ledger.filter(pl.col("price_ccy").is_not_null())
        .group_by("security_id", "currency", "price_ccy")
        .len()
        .sort("len", "price_ccy", descending=[True, False])
        .group_by("security_id", "currency", maintain_order=True)
        .agg(pl.col("price_ccy").first().cast(pl.Float64).alias("last"))
    )


def quotes_of(positions: pl.DataFrame) -> pl.DataFrame:
    """Return `feed`, `security_id`, `currency`, `price`, `holders`, `first_account`: the distinct prices of each feed's rows.

    A row without a price has the one that its value implies. `positions`: as `believed_positions` returns them.
    """
    by = ["feed", "security_id", "currency"]
    known = positions.filter(pl.col("security_id").is_not_null())
    stated = (
        known.filter(pl.col("price_ccy").is_not_null())
        .group_by(*by, "price_ccy")
        .agg(pl.len().alias("holders"), pl.col("account_id").min().alias("first_account"))
        .with_columns(pl.col("price_ccy").cast(pl.Float64).alias("price"))
    )
    silent = known.filter(pl.col("price_ccy").is_null(), (pl.col("held_qty") != 0).fill_null(False)).with_columns(
        implied_price().alias("price")
    )
    worked_out = silent.group_by(*by, "price").agg(
        pl.len().alias("holders"), pl.col("account_id").min().alias("first_account")
    )
    columns = [*by, "price", "holders", "first_account"]
    return pl.concat([stated.select(columns), worked_out.select(columns)]).filter(
        (pl.col("price") > 0).fill_null(False), pl.col("price").is_finite()
    )


def implied_price() -> pl.Expr:
    """Return the price of one unit that a row's value and units imply."""
    return pl.col("value_ccy").cast(pl.Float64) / (pl.col("held_qty").cast(pl.Float64) * pl.col("factor"))


def market_prices(prices: pl.DataFrame, feeds: list[str], business_date: dt.date) -> pl.DataFrame:
    """Return `source`, `security_id`, `currency`, `price` of the market's feeds: prices of tonight. `prices`: `Prices`."""
    return (
        prices.filter(
            pl.col("feed").is_in(feeds),
            pl.col("security_id").is_not_null(),
            pl.col("price_date") == business_date,
            (pl.col("price_ccy") > 0).fill_null(False),
        )
        .sort("feed", "file_id", "row_no")
        .unique(["feed", "security_id", "currency"], keep="last", maintain_order=True)
        .select(
            pl.col("feed").alias("source"),
            "security_id",
            "currency",
            pl.col("price_ccy").cast(pl.Float64).alias("price"),
        )
    )


def system_prices(positions: pl.DataFrame, feeds: list[str]) -> pl.DataFrame:
    """Return `source`, `security_id`, `currency`, `price`: what most rows of each portfolio system's feed have."""
    return (
        positions.filter(
            pl.col("feed").is_in(feeds), pl.col("security_id").is_not_null(), (pl.col("price_ccy") > 0).fill_null(False)
        )
        .group_by(pl.col("feed").alias("source"), "security_id", "currency", "price_ccy")
        .len()
        .sort("len", "price_ccy", descending=[True, False])
        .group_by("source", "security_id", "currency", maintain_order=True)
        .agg(pl.col("price_ccy").first().cast(pl.Float64).alias("price"))
    )


def note_silent_markets(
    quotes: pl.DataFrame,
    sent: pl.DataFrame,
    fresh: pl.DataFrame,
    feeds: list[str],
    rules: pl.DataFrame,
    findings: Findings,
) -> None:
    """Note what a market's feed leaves without a witness: everything, or a listed security that is held.

    Args:
        quotes: As `quotes_of` returns them.
        sent: Tonight's `Prices`.
        fresh: As `market_prices` returns them.
        feeds: The market's feeds.
        rules: As `price_rules` returns them.
        findings: Gets the notes.
    """
    came = sent.filter(pl.col("feed").is_in(feeds)).select(pl.col("feed").alias("source")).unique().sort("source")
    silent = came.join(fresh, on="source", how="anti").rename({"source": "feed"})
    findings.add(
        silent,
        Check.NOT_COMPARED,
        ExceptionEffect.NOTE,
        ExceptionScope.FEED,
        "feed",
        pl.format("feed {}: none of its prices is of tonight, so the custodians' are not held against it", "feed"),
    )
    listed = rules.filter("is_listed", ~pl.col("is_illiquid")).select("security_id")
    held = quotes.select("security_id").unique().join(listed, on="security_id", how="semi")
    speaking = came.join(fresh.select("source").unique(), on="source", how="semi")
    missing = held.join(speaking, how="cross").join(fresh, on=["source", "security_id"], how="anti")
    findings.add(
        missing.sort("source", "security_id"),
        Check.PRICE_MISSING,
        ExceptionEffect.NOTE,
        ExceptionScope.SECURITY,
        "security_id",
        pl.format("security {}: feed {} has no price of it for tonight; one witness less", "security_id", "source"),
        detail="source",
    )


def equity_move(quotes: pl.DataFrame, last: pl.DataFrame, securities: pl.DataFrame) -> float | None:
    """Return the median move of listed US equities since the session before; None where it is not known."""
    equities = securities.filter(
        pl.col("asset_class") == AssetClass.US_EQUITY.value, pl.col("asset_type").is_in(EXCHANGE_TYPES)
    ).select("security_id")
    move = (
        quotes.join(equities, on="security_id", how="semi")
        .group_by("security_id", "currency")
        .agg(pl.col("price").median())
        .join(last, on=["security_id", "currency"], how="inner")
        .select((pl.col("price") / pl.col("last") - 1).median())
        .item()
    )
    return None if move is None else float(move)
