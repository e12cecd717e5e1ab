"""The ledger moves on: what was expected becomes what is believed, where the custodian agrees or a person says so."""

from __future__ import annotations

import datetime as dt

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.conform import conform
from data_contracts.fields import FACT_DTYPE
from data_contracts.ledger import Ledger
from data_contracts.rolled_transactions import RolledTransactions
from evenkeel import calendar
from evenkeel.stages.reconcile.legs import CASH_PREFIX
from evenkeel.stages.reconcile.places import PLACE, Places, account_number

SEEN_SESSIONS = 20
"""How long a transaction is remembered after the last file that held it."""
_COLUMNS = ("ledger_qty", "price_ccy", "currency", "price_date", "agreed_date")


def opened(business_date: dt.date, found: pl.DataFrame, opening: pl.DataFrame, places: Places) -> pl.DataFrame:
    """Return ledger rows of accounts that it does not have yet: as found, cash as none where no line came.

    Args:
        business_date: The session.
        found: Placed: `qty`, `price`, `price_currency`.
        opening: `number` and `account_id` of the accounts to open.
        places: The places of the date.
    """
    if not opening.height:
        return found.clear().select(PLACE, *_opened(business_date))
    mine = found.with_columns(account_number().alias("number")).join(opening.select("number"), on="number", how="semi")
    cash = places.placed(
        opening.select(
            "account_id", pl.lit(f"{CASH_PREFIX}USD").alias("instrument"), pl.lit(0).cast(FACT_DTYPE).alias("qty")
        )
    )
    no_cash = cash.join(mine, on=PLACE, how="anti")
    rows = pl.concat([mine.select(PLACE, "qty", "price", "price_currency"), no_cash], how="diagonal")
    return rows.select(PLACE, *_opened(business_date))


def _opened(business_date: dt.date) -> list[pl.Expr]:
    return [
        pl.col("qty").fill_null(0).alias("ledger_qty"),
        pl.col("price").alias("price_ccy"),
        pl.col("price_currency").alias("currency"),
        pl.when(pl.col("price").is_not_null()).then(pl.lit(business_date)).alias("price_date"),
        pl.lit(business_date).alias("agreed_date"),
    ]


def moved_on(
    business_date: dt.date, state: pl.DataFrame, doubted: pl.DataFrame, released: pl.DataFrame
) -> pl.DataFrame:
    """Return the ledger rows of tonight for accounts that it has.

    Args:
        business_date: The session.
        state: Of the roll-forward.
        doubted: Places whose price is not believed tonight: the last one stays.
        released: Places whose open difference a person has released: the custodian's figure is taken.
    """
    rows = _marked(_marked(state, released, "is_released"), doubted, "is_doubted").with_columns(
        (pl.col("is_taken") | pl.col("is_released")).alias("is_taken"),
        (pl.col("price").is_not_null() & ~pl.col("is_doubted")).alias("has_price"),
    )
    return rows.select(
        PLACE,
        pl.when("is_taken").then("found").otherwise("expected").fill_null(0).alias("ledger_qty"),
        pl.when("has_price").then("price").otherwise("price_ccy").alias("price_ccy"),
        pl.when("has_price").then("price_currency").otherwise("currency").alias("currency"),
        pl.when("has_price").then(pl.lit(business_date)).otherwise("price_date").alias("price_date"),
        pl.when("is_taken")
        .then(pl.lit(business_date))
        .otherwise("agreed_date")
        .fill_null(business_date)
        .alias("agreed_date"),
    )


def _marked(rows: pl.DataFrame, places: pl.DataFrame, name: str) -> pl.DataFrame:
    if not places.height:
        return rows.with_columns(pl.lit(False).alias(name))
    named = places.select(PLACE, pl.lit(True).alias(name)).unique()
    return rows.join(named, on=PLACE, how="left").with_columns(pl.col(name).fill_null(False))


def to_ledger(business_date: dt.date, parts: list[pl.DataFrame], places: Places) -> DataFrame[Ledger]:
    """Return the dataset, without securities that nothing is left of."""
    rows = (
        pl.concat([part.select(PLACE, *_COLUMNS) for part in parts])
        .filter((pl.col("ledger_qty") != 0) | places.is_cash())
        .sort(PLACE)
    )
    named = places.named(rows, "security_id").with_columns(pl.lit(business_date).alias("business_date"))
    return conform(named, Ledger, is_sorted=True)


def fold_rolled(
    business_date: dt.date, yesterday: pl.DataFrame | None, legs_tonight: pl.DataFrame
) -> DataFrame[RolledTransactions]:
    """Return the transactions that the ledger contains, those not seen for twenty sessions left out.

    `legs_tonight`: `transaction_id` of what tonight's files hold and is done.
    """
    seen = (
        legs_tonight.select("transaction_id")
        .unique()
        .with_columns(pl.lit(business_date).alias("rolled_date"), pl.lit(business_date).alias("seen_date"))
    )
    known = (RolledTransactions.empty_frame() if yesterday is None else yesterday).drop("business_date")
    both = (
        pl.concat([known, seen])
        .group_by("transaction_id")
        .agg(pl.col("rolled_date").min(), pl.col("seen_date").max())
        .filter(pl.col("seen_date") >= _sessions_before(business_date, SEEN_SESSIONS))
        .with_columns(pl.lit(business_date).alias("business_date"))
    )
    return conform(both, RolledTransactions)


def _sessions_before(date: dt.date, count: int) -> dt.date:
    for _ in range(count):
        date = calendar.previous_session(date)
    return date
