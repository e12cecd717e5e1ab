"""How far back, and until when, each account's sales are known."""

from __future__ import annotations

import datetime as dt

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.conform import conform
from data_contracts.tax_histories import TaxHistories
from data_contracts.vocab import FeedRole
from evenkeel import calendar
from evenkeel.book.model import Book


def fold_histories(
    business_date: dt.date, yesterday: pl.DataFrame | None, coverage: pl.DataFrame, believed: pl.DataFrame, book: Book
) -> DataFrame[TaxHistories]:
    """Return one row per account.

    Nothing is missed while an account is stopped: its transactions count all the same, and what it bought stands in its lots. After a
    session that was not run something may be, so the history begins anew. What the book says of an account's sales before (`accounts`,
    `sales_known_from_date`) is taken, but never over such a gap.

    Args:
        business_date: The session.
        yesterday: `TaxHistories` of the newest session before it that was run.
        coverage: `Coverage` of the date.
        believed: `account_id`, as `believed_accounts` returns them.
        book: As it holds on the date.
    """
    earlier = calendar.previous_session(business_date)
    known = TaxHistories.empty_frame() if yesterday is None else yesterday
    if known.height and yesterday is not None and yesterday.item(0, "business_date") != earlier:
        known = known.with_columns(
            pl.lit(None, pl.Date).alias("observed_from_date"),
            pl.lit(None, pl.Date).alias("history_from_date"),
            pl.col("business_date").alias("gap_after_date"),
        )
    telling = believed.join(
        book.accounts.filter(pl.col("custodian").is_in(_telling_custodians(book))).select("account_id", "opened_date"),
        on="account_id",
        how="inner",
    ).with_columns(
        # There is nothing to know before it was opened.
        pl.when(pl.col("opened_date") > earlier).then("opened_date").otherwise(business_date).alias("starts"),
        pl.lit(business_date).alias("seen"),
    )
    said = pl.col("sales_known_from_date")
    # The firm's word is read anew each day: taken back, it counts no more. Rows of earlier versions have no day of their own.
    starts = pl.coalesce("observed_from_date", "history_from_date", "starts")
    is_said = (said < starts) & (said > pl.col("gap_after_date")).fill_null(True)
    rows = (
        pl.concat([known.select("account_id"), coverage.select("account_id")])
        .unique()
        .join(known, on="account_id", how="left")
        .join(telling.select("account_id", "starts", "seen"), on="account_id", how="left")
        .join(book.accounts.select("account_id", "sales_known_from_date"), on="account_id", how="left")
        .select(
            pl.lit(business_date).alias("business_date"),
            "account_id",
            pl.when(is_said).then(said).otherwise(starts).alias("history_from_date"),
            starts.alias("observed_from_date"),
            "gap_after_date",
            pl.coalesce("seen", "history_to_date").alias("history_to_date"),
        )
    )
    return conform(rows, TaxHistories)


def _telling_custodians(book: Book) -> list[str]:
    """Return the custodians from whose files a sale can be learnt."""
    return sorted(
        {
            feed.delivers_for
            for feed in book.feeds
            if feed.role == FeedRole.CUSTODIAN
            and (feed.roll_forward or {"transactions", "realized"} & set(feed.expects))
        }
    )
