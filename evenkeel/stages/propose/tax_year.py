"""The year so far of each tax unit: what its taxable accounts have realised, and what it carried in."""

from __future__ import annotations

import datetime as dt

import polars as pl

from data_contracts.fields import MONEY_DTYPE
from data_contracts.vocab import TaxStatus
from evenkeel.book.model import Book
from evenkeel.rules.whole_numbers import cents_expr, usd_expr
from evenkeel.stages.taxes.rows import PLACE
from evenkeel.stages.taxes.wash_inputs import known_spans

_SALE = [*PLACE, "sold_date", "sale_no"]


def year_to_date(
    sales: pl.DataFrame, histories: pl.DataFrame, book: Book, on: dt.date, disallowed: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Return the gains and losses of the calendar year of `on`, to that date, and the carry-overs, of every tax unit of the book.

    Gains are before netting and without disallowed wash-sale losses: of what the custodian disallows and what `disallowed` says the larger,
    since a custodian sees one account only. A wash sale still put off into shares of an IRA is disallowed like any other.

    Args:
        sales: `TaxSales`.
        histories: `TaxHistories`.
        book: For whose the accounts are, and what was carried over; a carry-over that the book does not state is none.
        on: The last date that counts.
        disallowed: `washing.WashView.disallowed`; None: the custodians' word alone.

    Returns:
        By `tax_unit_id`: `realised_short_usd`, `realised_long_usd` (a net loss < 0), `carry_short_usd`, `carry_long_usd` (>= 0),
        `unknown_sales` (whose gain or term is not known; they are not in the figures), `is_complete` (every taxable account's sales are
        known from 1 January to the newest session up to `on`, and none is unknown).
    """
    taxable = book.accounts.filter(
        pl.col("tax_status") == TaxStatus.TAXABLE.value, pl.col("tax_unit_id").is_not_null()
    ).select("account_id", "tax_unit_id")
    first = dt.date(on.year, 1, 1)
    rows = sales.filter(pl.col("sold_date").is_between(first, on)).join(taxable, on="account_id", how="inner")
    if disallowed is None:
        rows = rows.with_columns(pl.lit(None, MONEY_DTYPE).alias("disallowed_usd"))
    else:
        rows = rows.join(disallowed.select(*_SALE, "disallowed_usd"), on=_SALE, how="left")
    short, long = pl.col("short_term_gain_usd"), pl.col("long_term_gain_usd")
    put_off = pl.max_horizontal("custodian_disallowed_usd", "disallowed_usd").fill_null(0)
    of_short = pl.min_horizontal(put_off, (0 - short).clip(lower_bound=0))
    of_long = pl.min_horizontal(put_off - of_short, (0 - long).clip(lower_bound=0))
    realised = (
        rows.with_columns((short + of_short).alias("short"), (long + of_long).alias("long"))
        .group_by("tax_unit_id")
        .agg(
            pl.col("short").sum(),
            pl.col("long").sum(),
            pl.any_horizontal(pl.col("short", "long").is_null()).sum().cast(pl.Int64).alias("unknown_sales"),
        )
    )
    newest = histories["business_date"].max()
    known_to = min(newest, on) if isinstance(newest, dt.date) else on
    known = (
        known_spans(histories, book, first, known_to)
        .join(taxable, on="account_id", how="inner")
        .group_by("tax_unit_id")
        .agg(
            ((pl.col("history_from_date") <= first) & (pl.col("history_to_date") >= known_to))
            .fill_null(False)
            .all()
            .alias("is_known")
        )
    )
    zero = pl.lit(0).cast(MONEY_DTYPE)
    return (
        book.tax_units.join(realised, on="tax_unit_id", how="left")
        .join(known, on="tax_unit_id", how="left")
        .select(
            "tax_unit_id",
            pl.coalesce("short", zero).cast(MONEY_DTYPE).alias("realised_short_usd"),
            pl.coalesce("long", zero).cast(MONEY_DTYPE).alias("realised_long_usd"),
            *(
                pl.coalesce(usd_expr(cents_expr(name)), zero).alias(name)
                for name in ("carry_short_usd", "carry_long_usd")
            ),
            pl.col("unknown_sales").fill_null(0),
            (pl.col("is_known").fill_null(True) & (pl.col("unknown_sales").fill_null(0) == 0)).alias("is_complete"),
        )
        .sort("tax_unit_id")
    )
