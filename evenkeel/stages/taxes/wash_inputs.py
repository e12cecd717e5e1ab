"""What the wash-sale rules want of a book: who counts together, whose history is known, what was bought, and what was sold.

Quantities and dates of the day's data become the frames of `evenkeel.rules.wash_sales`; which of them wash each other is decided there.
"""

from __future__ import annotations

import datetime as dt

import polars as pl

from data_contracts.fields import FACT_DTYPE
from data_contracts.vocab import AccountState, TaxStatus
from evenkeel import calendar
from evenkeel.book.model import Book
from evenkeel.rules.wash_sales import WINDOW_DAYS, wash_units
from evenkeel.stages.taxes.rows import PLACE

ALWAYS = dt.date(1900, 1, 1)
"""Where a history begins that leaves nothing out."""
_EXACT = pl.Decimal(38, 9)
"""A float becomes units of nine decimals: the digits after them are the float's, not the source's."""


def wash_members(book: Book) -> pl.DataFrame:
    """Return `account_id`, `wash_unit_id`, `tax_unit_id`, `is_retirement`, `has_unit` of every account of the book.

    An account without a tax unit is its own, and `has_unit` is false: whose purchases count with it is not known.
    """
    units = wash_units_of(book)
    own = pl.format("account {}", "account_id")
    return book.accounts.join(units, on="tax_unit_id", how="left").select(
        "account_id",
        pl.coalesce("wash_unit_id", own).alias("wash_unit_id"),
        pl.coalesce("tax_unit_id", own).alias("tax_unit_id"),
        (pl.col("tax_status") != TaxStatus.TAXABLE.value).alias("is_retirement"),
        pl.col("wash_unit_id").is_not_null().alias("has_unit"),
    )


def wash_units_of(book: Book) -> pl.DataFrame:
    """Return `tax_unit_id`, `wash_unit_id` of the book's tax units: linked ones (`linked_tax_unit_id`) are one."""
    links = book.tax_units.select("tax_unit_id", "linked_tax_unit_id").drop_nulls()
    return wash_units(book.tax_units.select("tax_unit_id"), links)


def known_spans(histories: pl.DataFrame, book: Book, needed_from: dt.date, known_to: dt.date) -> pl.DataFrame:
    """Return `account_id`, `history_from_date`, `history_to_date` of the accounts that may have traded since `needed_from`.

    A history that begins with a session covers the days without trading before it, and one that begins with the account's opening leaves
    nothing out. A closed account's is known to the end, as far as it was known; one closed before, or not opened yet, is left out.

    Args:
        histories: `TaxHistories`.
        book: For the accounts.
        needed_from: First day that matters.
        known_to: Last day of the history.
    """
    is_closed = pl.col("state") == AccountState.CLOSED.value
    opened, closed = pl.col("opened_date"), pl.col("closed_date")
    rows = (
        book.accounts.select("account_id", "state", "opened_date", "closed_date")
        .join(histories.select("account_id", "history_from_date", "history_to_date"), on="account_id", how="left")
        .filter(
            ~(opened > known_to).fill_null(False),
            ~(closed < needed_from).fill_null(False),
            ~(is_closed & closed.is_null() & pl.col("history_to_date").is_null()),
        )
    )
    days = {
        day: calendar.previous_session(day) + dt.timedelta(days=1) for day in rows["history_from_date"].unique() if day
    }
    began = pl.col("history_from_date").replace_strict(days, default=None, return_dtype=pl.Date)
    is_whole = (pl.col("history_from_date") <= opened).fill_null(False)
    is_over = (is_closed | (closed <= known_to).fill_null(False)) & pl.col("history_to_date").is_not_null()
    return rows.select(
        "account_id",
        pl.when(is_whole).then(pl.lit(ALWAYS)).otherwise(began).alias("history_from_date"),
        pl.when(is_over).then(pl.lit(known_to)).otherwise("history_to_date").alias("history_to_date"),
    )


def lot_name() -> pl.Expr:
    """Return a lot's name in a whole book."""
    return pl.format("{}|{}|{}", "account_id", "security_id", "lot_id")


def sold_lots(sales: pl.DataFrame, lots: pl.DataFrame) -> pl.DataFrame:
    """Return the sales as the rules read them, each with the name of its lot.

    A sale is of the open lot of its number; without a number of the first open lot of its date: what is left of a lot that was sold in
    part does not replace it. Otherwise its lot is gone. A sale of unknown lots has no basis and stands at its own day.

    Args:
        sales: `TaxSales`.
        lots: Open lots: `account_id`, `security_id`, `lot_id`, `acquired_date`.
    """
    numbered = lots.select(*PLACE, "lot_id", lot_name().alias("by_number"))
    dated = (
        lots.filter(pl.col("acquired_date").is_not_null())
        .sort("lot_id")
        .group_by(*PLACE, "acquired_date", maintain_order=True)
        .agg(lot_name().first().alias("by_date"))
    )
    gone = pl.format(
        "{}|{}|sold {}", "account_id", "security_id", pl.coalesce("lot_id", pl.col("acquired_date").cast(pl.String))
    )
    unknown = pl.format("{}|{}|unknown {} {}", "account_id", "security_id", "sold_date", "sale_no")
    is_told = pl.col("basis_usd").is_not_null() & pl.col("proceeds_usd").is_not_null()
    return (
        sales.join(numbered, on=[*PLACE, "lot_id"], how="left")
        .join(dated, on=[*PLACE, "acquired_date"], how="left")
        .select(
            *PLACE,
            "sale_no",
            pl.format("{}|{}|{}|{}", "account_id", "security_id", "sold_date", "sale_no").alias("sale_id"),
            pl.coalesce("by_number", "by_date", gone, unknown).alias("lot_id"),
            pl.col("acquired_date").alias("bought_date"),
            # A loss without its purchase is a loss all the same; only the order among a day's losses goes by this date.
            pl.min_horizontal(pl.col("acquired_date").fill_null(pl.col("sold_date")), "sold_date").alias(
                "acquired_date"
            ),
            "holding_start_date",
            "sold_date",
            "sold_qty",
            pl.when(is_told).then("proceeds_usd").otherwise(0).cast(FACT_DTYPE).alias("proceeds_usd"),
            pl.when(is_told).then("basis_usd").cast(FACT_DTYPE).alias("basis_usd"),
        )
    )


def bought_lots(lots: pl.DataFrame, sold: pl.DataFrame, first: dt.date) -> pl.DataFrame:
    """Return the purchases from `first` on: open lots with what was sold of them, and lots that are gone.

    Args:
        lots: Open lots: `account_id`, `security_id`, `lot_id`, `acquired_date` (null: not known), `held_qty`.
        sold: As `sold_lots` returns them.
        first: Purchases before it replace nothing.

    Returns:
        `account_id`, `security_id`, `lot_id`, `acquired_date`, `bought_qty`.
    """
    gone = sold.group_by(*PLACE, "lot_id").agg(pl.col("sold_qty").sum().cast(FACT_DTYPE), pl.col("bought_date").min())
    open_ = lots.filter(pl.col("held_qty") > 0).select(
        *PLACE, lot_name().alias("lot_id"), "acquired_date", exact("held_qty").alias("held_qty")
    )
    both = open_.join(gone, on=[*PLACE, "lot_id"], how="full", coalesce=True).select(
        *PLACE,
        "lot_id",
        pl.coalesce("acquired_date", "bought_date").alias("acquired_date"),
        (pl.col("held_qty").fill_null(0) + pl.col("sold_qty").fill_null(0)).cast(FACT_DTYPE).alias("bought_qty"),
        pl.col("held_qty").is_not_null().alias("is_open"),
    )
    # What was sold of a lot of no date is no purchase that can be placed; what is held of one may be.
    is_near = (pl.col("acquired_date") >= first).fill_null(pl.col("is_open"))
    return both.filter(is_near).drop("is_open")


def exact(column: str | pl.Expr) -> pl.Expr:
    """Return units in floats as units that can be added exactly."""
    return (pl.col(column) if isinstance(column, str) else column).cast(_EXACT).cast(FACT_DTYPE)


def window_start(date: dt.date) -> dt.date:
    """Return the first day on which a purchase is in the window of a sale on `date`."""
    return date - dt.timedelta(days=WINDOW_DAYS)
