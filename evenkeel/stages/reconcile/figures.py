"""What one source says of each account, as figures that can be held against another's: units, price, value, cost, and cash.

Every figure has a place: an account and an instrument, a security of the book or `CASH:` and a currency. Cash is on trade date, what is
held and what is pending.
"""

from __future__ import annotations

import polars as pl

from data_contracts.fields import FACT_DTYPE
from data_contracts.vocab import AssetClass, AssetType, CashBucket
from evenkeel.book.model import Book
from evenkeel.stages.ingest.witnesses import TRADE_DATE_CASH
from evenkeel.stages.reconcile.legs import CASH_PREFIX
from evenkeel.stages.reconcile.places import PLACE, Places, account_number, instrument_number

_FIGURES = ("qty", "price", "value", "cost", "accrued")


def positions_of(rows: pl.DataFrame, feeds: list[str], places: Places) -> pl.DataFrame:
    """Return `place`, `qty`, `price`, `value`, `cost`, `accrued`, `currency`: one row a holding.

    A figure is null where the source is silent about any of the holding's rows. `rows`: of the shape of `Positions`.
    """
    known = places.placed(
        rows.filter(pl.col("feed").is_in(feeds)).select(
            "account_id",
            "security_id",
            pl.col("held_qty").alias("qty"),
            pl.col("price_ccy").alias("price"),
            pl.col("value_ccy").alias("value"),
            pl.col("cost_ccy").alias("cost"),
            pl.col("accrued_ccy").alias("accrued"),
            "currency",
        ),
        "security_id",
    )
    repeated = known.filter(pl.col(PLACE).is_duplicated())
    if not repeated.height:
        return known

    def whole(name: str) -> pl.Expr:
        return pl.when(pl.col(name).null_count() == 0).then(pl.col(name).sum())

    summed = repeated.group_by(PLACE).agg(
        whole("qty").alias("qty"),
        pl.col("price").drop_nulls().first(),
        whole("value").alias("value"),
        whole("cost").alias("cost"),
        pl.col("accrued").sum(),
        pl.col("currency").first(),
    )
    once = known.join(repeated.select(PLACE).unique(), on=PLACE, how="anti")
    return pl.concat([once, summed.select(once.columns)], how="vertical_relaxed")


def cash_of(rows: pl.DataFrame, feeds: list[str], places: Places) -> pl.DataFrame:
    """Return `place`, `qty`, `pending`: trade-date cash, one row an account and currency.

    `pending` is what of `qty` is on its way. `rows`: of the shape of `CashBalances`.
    """
    is_pending = pl.col("bucket") == CashBucket.PENDING.value
    known = places.placed(
        rows.filter(pl.col("feed").is_in(feeds), pl.col("bucket").is_in(TRADE_DATE_CASH)).select(
            "account_id", pl.format(CASH_PREFIX + "{}", "currency").alias("instrument"), "bucket", "amount_ccy"
        )
    )
    return known.group_by(PLACE).agg(
        pl.col("amount_ccy").sum().cast(FACT_DTYPE).alias("qty"),
        pl.col("amount_ccy").filter(is_pending).sum().cast(FACT_DTYPE).alias("pending"),
    )


def sweep_funds(book: Book) -> list[str]:
    """Return the securities that are cash under another name: money market funds in the class of cash."""
    return (
        book.securities.filter(
            pl.col("asset_type") == AssetType.MONEY_MARKET.value, pl.col("asset_class") == AssetClass.CASH.value
        )
        .get_column("security_id")
        .to_list()
    )


def swept_into_cash(
    positions: pl.DataFrame, cash: pl.DataFrame, funds: list[str], places: Places
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the holdings without sweep funds, and the cash with them: one side may call it a fund and the other cash.

    A sweep fund's unit is a dollar.
    """
    numbers, dollars = places.instruments(funds), places.instrument(f"{CASH_PREFIX}USD")
    if not numbers or dollars is None:
        return positions, cash
    is_swept = instrument_number().is_in(numbers)
    swept = positions.filter(is_swept).select(
        (pl.col(PLACE) - instrument_number() + dollars).alias(PLACE),
        pl.coalesce("qty", "value").alias("qty"),
        pl.lit(0).cast(FACT_DTYPE).alias("pending"),
    )
    if not swept.height:
        return positions, cash
    together = (
        pl.concat([cash.select(swept.columns), swept]).group_by(PLACE).agg(pl.col("qty").sum(), pl.col("pending").sum())
    )
    return positions.filter(~is_swept), together


def accounts_of(*figures: pl.DataFrame) -> pl.DataFrame:
    """Return the `number` of every account that has a figure."""
    return pl.concat([frame.select(account_number().alias("number")) for frame in figures]).unique()


def side_by_side(ours: pl.DataFrame, theirs: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Return both sides' figures of the accounts that both have (`number`); theirs are named `..._theirs`."""
    return of_accounts(ours, accounts).join(
        of_accounts(theirs, accounts), on=PLACE, how="full", coalesce=True, suffix="_theirs"
    )


def of_accounts(figures: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Return the figures of these accounts (`number`)."""
    numbers = figures.select(account_number().alias("number")).to_series()
    return figures.filter(numbers.is_in(accounts["number"].implode()))
