"""What is left of each tax unit's gain budget, and how accounts of one unit share it.

Portfolios are solved each by itself, so each gets a share of its own: what is left, pro rata by the unrealised gains that the accounts of
the unit in the batch could realise. No portfolio knows what another leaves, so some of the budget may stay unused; together they never pass
it. Between the policies of a day the rest is handed on, in the order of their labels.
"""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import OrderSide, TaxStatus
from evenkeel.book.model import Book
from evenkeel.stages.propose.lots import KEY, in_flight

PLANNED = pl.Schema([("tax_unit_id", pl.String()), ("planned_usd", pl.Float64()), ("is_planned_known", pl.Boolean())])


def gains_in_flight(holdings: pl.DataFrame, lots: pl.DataFrame, book: Book) -> pl.DataFrame:
    """Return the most net gain that sales in flight may realise, by tax unit of the book with a gain budget, as `PLANNED`.

    Which lots an order in flight will sell is not known here: the dearest go first, and a loss is not counted on. Where a lot's cost is not
    known its whole value counts as gain and `is_planned_known` is false.

    Args:
        holdings: `data_contracts.holdings`.
        lots: As `open_lots` returns them, of the holdings with sales in flight.
        book: For whose the accounts are.
    """
    selling = in_flight(holdings).filter(pl.col("change_usd") < 0)
    price = holdings.filter(pl.col("held_qty") != 0).select(
        *KEY, (pl.col("value_usd").cast(pl.Float64) / pl.col("held_qty").cast(pl.Float64)).alias("unit_usd")
    )
    value = pl.col("unit_usd") * pl.col("held_qty").cast(pl.Float64)
    by_lot = (
        selling.join(of_budget(book), on="account_id", how="inner")
        .join(price, on=KEY, how="left")
        .join(lots.select(*KEY, "lot_id", "held_qty", pl.col("cost_usd").cast(pl.Float64)), on=KEY, how="left")
        .with_columns(value.alias("value_usd"))
        .with_columns(((pl.col("value_usd") - pl.col("cost_usd").fill_null(0.0)) / pl.col("value_usd")).alias("frac"))
        .sort(*KEY, "frac", "lot_id", descending=[False, False, True, False])
    )
    before = pl.col("value_usd").cum_sum().over(KEY) - pl.col("value_usd")
    taken = pl.min_horizontal("value_usd", (-pl.col("change_usd") - before).clip(lower_bound=0.0))
    return (
        by_lot.with_columns(taken.alias("taken"))
        .group_by("tax_unit_id")
        .agg(
            (pl.col("taken") * pl.col("frac").clip(lower_bound=0.0)).sum().alias("planned_usd"),
            ((pl.col("taken") == 0) | pl.col("cost_usd").is_not_null())
            .fill_null(False)
            .all()
            .alias("is_planned_known"),
        )
        .cast(PLANNED)
    )


def gains_of_lists(trades: pl.DataFrame, book: Book) -> pl.DataFrame:
    """Return what lists add to the year, by tax unit with a gain budget, as `PLANNED`: of each portfolio what is above zero.

    `trades`: as `trade_rows` returns them.
    """
    return (
        trades.filter(pl.col("side") == OrderSide.SELL.value)
        .join(of_budget(book), on="account_id", how="inner")
        .group_by("portfolio_id", "tax_unit_id")
        .agg(
            (pl.col("gain_usd") + pl.col("disallowed_usd").fill_null(0)).cast(pl.Float64).sum().alias("added"),
            pl.col("gain_usd").is_not_null().all().alias("is_known"),
        )
        .group_by("tax_unit_id")
        .agg(
            pl.col("added").clip(lower_bound=0.0).sum().alias("planned_usd"),
            pl.col("is_known").all().alias("is_planned_known"),
        )
        .cast(PLANNED)
    )


def with_planned(year: pl.DataFrame, planned: pl.DataFrame) -> pl.DataFrame:
    """Return the year with `planned_usd` and `is_planned_known` of all rows of `planned` added up."""
    sums = planned.group_by("tax_unit_id").agg(pl.col("planned_usd").sum(), pl.col("is_planned_known").all())
    return (
        year.drop("planned_usd", "is_planned_known", strict=False)
        .join(sums, on="tax_unit_id", how="left")
        .with_columns(pl.col("planned_usd").fill_null(0.0), pl.col("is_planned_known").fill_null(True))
    )


def gain_rooms(lots: pl.DataFrame, accounts: pl.DataFrame, year: pl.DataFrame, book: Book) -> pl.DataFrame:
    """Return how much net gain each account may add: `account_id`, `room_usd` (>= 0), of taxable accounts whose unit has a budget.

    Args:
        lots: As in `Case`.
        accounts: As in `Case`: all of the batch, so that portfolios of several accounts have their share left to them.
        year: As `with_planned` returns it.
        book: For the budgets.
    """
    may_go = pl.col("kept_by").is_null() & pl.col("is_open") & (pl.col("unit_gain") > 0)
    gains = (
        lots.filter(may_go.fill_null(False))
        .group_by("account_id")
        .agg((pl.col("unit_gain") * pl.col("free_qty")).sum().alias("gain_usd"))
    )
    budgets = book.tax_units.select("tax_unit_id", pl.col("gain_budget_usd").cast(pl.Float64))
    used = ("realised_short_usd", "realised_long_usd", "planned_usd")
    left = budgets.filter(pl.col("gain_budget_usd").is_not_null()).join(
        year.select("tax_unit_id", *(pl.col(name).cast(pl.Float64) for name in used)), on="tax_unit_id", how="left"
    )
    room = (pl.col("gain_budget_usd") - pl.sum_horizontal(used)).clip(lower_bound=0.0)
    own, whole = pl.col("gain_usd").fill_null(0.0), pl.col("gain_usd").fill_null(0.0).sum().over("tax_unit_id")
    return (
        accounts.filter(pl.col("short_rate") > 0)
        .select("account_id", "tax_unit_id")
        .join(left, on="tax_unit_id", how="inner")
        .join(gains, on="account_id", how="left")
        .select("account_id", (room * pl.when(whole > 0).then(own / whole).otherwise(0.0)).alias("room_usd"))
    )


def of_budget(book: Book) -> pl.DataFrame:
    """Return `account_id`, `tax_unit_id` of taxable accounts whose unit has a gain budget."""
    with_budget = book.tax_units.filter(pl.col("gain_budget_usd").is_not_null()).select("tax_unit_id")
    return (
        book.accounts.filter(pl.col("tax_status") == TaxStatus.TAXABLE.value)
        .select("account_id", "tax_unit_id")
        .join(with_budget, on="tax_unit_id", how="semi")
    )
