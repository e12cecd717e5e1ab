"""Money into dollars, by the rates of the day's files."""

from __future__ import annotations

import datetime as dt

import polars as pl

from data_contracts.fx_rates import FxRates
from data_contracts.vocab import Check, ExceptionEffect, ExceptionScope
from evenkeel import calendar
from evenkeel.stages.ingest.land import Landed
from evenkeel.stages.reconcile.findings import Findings

BASE_CURRENCY = "USD"


def usd_rates(business_date: dt.date, landed: Landed, max_age_sessions: int) -> pl.DataFrame:
    """Return `currency`, `usd_rate`: dollars for one unit of the currency.

    A rate to dollars is taken as it is, one from dollars inverted, and a cross is made over a currency that has a rate to both. Where
    several files give one, the newest date before the next session counts, then the feed's name, file and row. A rate of more than
    `max_age_sessions` sessions before the date is none.
    """
    oldest = business_date
    for _ in range(max_age_sessions):
        oldest = calendar.previous_session(oldest)
    stated = (
        landed.fact(FxRates)
        .filter(pl.col("rate_date") >= oldest, pl.col("rate_date") < calendar.next_session(business_date))
        .sort(["rate_date", "feed", "file_id", "row_no"], descending=[True, False, False, False])
        .select("currency_from", "currency_to", pl.col("rate").cast(pl.Float64))
    )
    rates: dict[str, float] = {BASE_CURRENCY: 1.0}
    pairs = [(source, target, rate) for source, target, rate in stated.iter_rows() if rate and rate > 0]
    for source, target, rate in pairs:
        if target == BASE_CURRENCY:
            rates.setdefault(source, rate)
        elif source == BASE_CURRENCY:
            rates.setdefault(target, 1.0 / rate)
    for source, target, rate in pairs:
        if target in rates:
            rates.setdefault(source, rate * rates[target])
        if source in rates:
            rates.setdefault(target, rates[source] / rate)
    return pl.DataFrame(
        {"currency": list(rates), "usd_rate": list(rates.values())},
        schema={"currency": pl.String, "usd_rate": pl.Float64},
    )


def check_currencies(rows: pl.DataFrame, rates: pl.DataFrame, findings: Findings) -> None:
    """Stop accounts that hold money in a currency without a rate. `rows`: feed, account_id, currency."""
    without = (
        rows.join(rates, on="currency", how="anti")
        .unique(["account_id", "currency"], keep="first", maintain_order=True)
        .drop_nulls("account_id")
    )
    findings.add(
        without,
        Check.CURRENCY_NO_RATE,
        ExceptionEffect.STOP,
        ExceptionScope.ACCOUNT,
        "account_id",
        pl.format(
            "account {}: it holds {} and no file of the day gives a fresh rate to USD; add a feed of kind fx, or ask for rates",
            "account_id",
            "currency",
        ),
        detail="currency",
    )
