"""The control totals of each custodian's delivery: tonight's, and those of the nights before it that they are measured against.

Which bounds they must keep belongs in `gates`; a source's own totals about its file in `totals`.
"""

from __future__ import annotations

import datetime as dt

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.conform import conform
from data_contracts.custodian_totals import CustodianTotals
from data_contracts.fields import FACT_DTYPE, MONEY_DTYPE
from data_contracts.gate_results import GateResults
from data_contracts.vocab import AssetType, BreakStatus, Check, FeedRole, FileStatus, Gate
from evenkeel import calendar
from evenkeel.book.model import Book
from evenkeel.policy.model import Policy
from evenkeel.stages.ingest.land import Landed
from evenkeel.stages.reconcile.counted import held_cash
from evenkeel.stages.reconcile.findings import Findings

LISTED = (AssetType.STOCK.value, AssetType.ETF.value)
"""What has a new price every session; a fund may keep its price to the cent, a bond often does."""
NOT_COME = (Check.FEED_MISSING.value, Check.FEED_LATE.value)
_NO_PRICES = pl.Schema([("security_id", pl.String()), ("price_ccy", FACT_DTYPE)])


def previous_prices(business_date: dt.date, ledger: pl.DataFrame | None, book: Book) -> pl.DataFrame:
    """Return `security_id, price_ccy`: every price of a listed security that was believed on the session before.

    One custodian's price of yesterday is another's too, so they are not told apart. `ledger` is that of the session before.
    """
    if ledger is None:
        return pl.DataFrame(schema=_NO_PRICES)
    return (
        ledger.lazy()
        .filter(
            pl.col("price_date") == calendar.previous_session(business_date),
            pl.col("price_ccy").is_not_null(),
            pl.col("security_id").is_in(_listed(book)),
        )
        .select("security_id", "price_ccy")
        .unique()
        .collect(engine="streaming")
    )


def tonight(
    business_date: dt.date,
    landed: Landed,
    book: Book,
    enabled: pl.DataFrame,
    positions: pl.DataFrame,
    cash: pl.DataFrame,
    earlier_prices: pl.DataFrame,
    mismatches: pl.DataFrame,
    breaks: pl.DataFrame | None,
    findings: Findings,
) -> pl.DataFrame:
    """Return one row per custodian with enabled accounts: `CustodianTotals` of the session but for `business_date`.

    Only enabled accounts count, so that one that is closed does not look like one that is lost. `age_sessions` is 0 where the delivery
    has come and null where it has not; `fold_totals` finds the age.

    Args:
        business_date: The session.
        landed: The day's tables.
        book: As it holds on the date.
        enabled: `accounts.enabled_accounts`.
        positions: `positions.believed_positions`.
        cash: `counted.cash_in_dollars`.
        earlier_prices: `previous_prices`.
        mismatches: `totals.FileTotals.mismatches`.
        breaks: The dataset of the date; None where nothing was compared.
        findings: What every check found, the gates' own left out.
    """
    whose = enabled.select("account_id", "custodian")
    held = _by_account(positions).join(whose, on="account_id", how="inner")
    paid = held_cash(cash).join(whose, on="account_id", how="inner")
    came = pl.concat([held["account_id"], paid["account_id"]]).unique()
    counts = [
        _count(whose, "book_account_count"),
        _count(whose.join(came.to_frame(), on="account_id", how="semi"), "account_count"),
        _sums(held),
        paid.group_by("custodian").agg(pl.col("value_usd").sum().alias("cash_usd")),
        _unchanged(positions, earlier_prices, book),
        _count(mismatches.filter(~pl.col("is_of_one_account")), "total_mismatch_count"),
        _count(_open_breaks(breaks, whose), "break_count"),
        _count(findings.stopped_accounts().join(whose, on="account_id", how="inner"), "quarantined_count"),
    ]
    totals = whose.select("custodian").unique().sort("custodian")
    for part in counts:
        totals = totals.join(part, on="custodian", how="left", maintain_order="left")
    has_come = pl.col("custodian").is_in(_senders(landed, book)) & ~pl.col("custodian").is_in(not_come(book, findings))
    whole_numbers = ("book_account_count", "account_count", "position_count", "unpriced_count")
    return totals.with_columns(
        pl.lit(business_date).alias("session_date"),
        pl.lit(False).alias("is_baseline"),
        pl.when(has_come).then(pl.lit(0, dtype=pl.Int64)).alias("age_sessions"),
        pl.col(*whole_numbers, "total_mismatch_count", "break_count", "quarantined_count").fill_null(0).cast(pl.Int64),
        pl.col("unchanged_count").cast(pl.Int64),
        pl.col("value_usd", "cash_usd").fill_null(0).cast(MONEY_DTYPE),
    )


def fold_totals(
    business_date: dt.date, yesterday: pl.DataFrame | None, tonights: pl.DataFrame, policy: Policy
) -> DataFrame[CustodianTotals]:
    """Return tonight's rows, with their age, and those of the sessions before it that the policy's window still covers."""
    columns = list(CustodianTotals.polars_schema())
    earlier = CustodianTotals.empty_frame() if yesterday is None else yesterday
    dates = earlier.filter(pl.col("session_date") < business_date).get_column("session_date").unique().to_list()
    covered = [date for date in dates if calendar.sessions_apart(date, business_date) <= policy.gates.window_sessions]
    earlier = earlier.filter(pl.col("session_date").is_in(covered))
    complete = earlier.filter(pl.col("age_sessions") == 0).group_by("custodian").agg(pl.col("session_date").max())
    ages = pl.DataFrame(
        {
            "custodian": complete["custodian"],
            "known_age": [calendar.sessions_apart(date, business_date) for date in complete["session_date"]],
        },
        schema={"custodian": pl.String, "known_age": pl.Int64},
    )
    aged = tonights.join(ages, on="custodian", how="left").with_columns(
        pl.coalesce("age_sessions", "known_age").alias("age_sessions")
    )
    rows = [
        frame.with_columns(pl.lit(business_date).alias("business_date")).select(columns) for frame in (earlier, aged)
    ]
    return conform(pl.concat(rows), CustodianTotals)


def mark_baseline(
    business_date: dt.date, totals: pl.DataFrame, results: DataFrame[GateResults], releases: pl.DataFrame | None = None
) -> DataFrame[CustodianTotals]:
    """Return `totals` with the baseline decided: a night that came, and whose gates passed or were released by a person.

    Only such nights tell what is usual, so that a wrong delivery cannot become right by coming again.
    """
    failed = results.filter(~pl.col("is_passed").fill_null(True)).select("custodian", "gate")
    held_back = failed.join(released_gates(business_date, releases), on=["custodian", "gate"], how="anti")
    is_sound = (pl.col("age_sessions") == 0).fill_null(False) & ~pl.col("custodian").is_in(
        held_back["custodian"].to_list()
    )
    is_tonight = pl.col("session_date") == business_date
    marked = totals.with_columns(pl.when(is_tonight).then(is_sound).otherwise("is_baseline").alias("is_baseline"))
    return conform(marked, CustodianTotals)


def released_gates(business_date: dt.date, releases: pl.DataFrame | None) -> pl.DataFrame:
    """Return `custodian, gate` of the gates whose stop a person has released on the date."""
    if releases is None:
        return pl.DataFrame(schema={"custodian": pl.String, "gate": pl.String})
    return (
        releases.filter(
            pl.col("check").is_in([f"gate_{gate.value}" for gate in Gate]),
            pl.lit(business_date).is_between(pl.col("from_date"), pl.col("until_date")),
        )
        .select(pl.col("subject_id").alias("custodian"), pl.col("check").str.strip_prefix("gate_").alias("gate"))
        .unique()
    )


def not_come(book: Book, findings: Findings) -> list[str]:
    """Return the custodians of whom a feed of their own has not come."""
    absent = findings.frame.filter(pl.col("check").is_in(NOT_COME)).get_column("feed").to_list()
    return sorted({feed.delivers_for for feed in book.feeds if feed.role == FeedRole.CUSTODIAN and feed.feed in absent})


def _listed(book: Book) -> list[str]:
    is_listed = pl.col("asset_type").is_in(LISTED) & ~pl.col("is_illiquid")
    return book.securities.filter(is_listed).get_column("security_id").to_list()


def _count(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    return rows.group_by("custodian").agg(pl.len().alias(name))


def _by_account(positions: pl.DataFrame) -> pl.DataFrame:
    """Return `account_id, position_count, unpriced_count, value_usd`. A position of nothing needs no price; all others do, or a value."""
    has_figure = [(pl.col(name) != 0).fill_null(False) for name in ("price_ccy", "value_ccy")]
    is_priced = pl.any_horizontal(*has_figure, (pl.col("held_qty") == 0).fill_null(False))
    return (
        positions.lazy()
        .group_by("account_id")
        .agg(
            pl.len().alias("position_count"),
            (~is_priced).sum().alias("unpriced_count"),
            pl.col("value_usd").sum(),
        )
        .collect(engine="streaming")
    )


def _sums(held: pl.DataFrame) -> pl.DataFrame:
    is_unpriced = pl.col("unpriced_count") > 0
    return held.group_by("custodian").agg(
        pl.col("position_count", "value_usd").sum(),
        (1 - pl.col("unpriced_count").sum() / pl.col("position_count").sum()).alias("priced_frac"),
        is_unpriced.sum().alias("unpriced_count"),
    )


def _unchanged(positions: pl.DataFrame, earlier: pl.DataFrame, book: Book) -> pl.DataFrame:
    """Of the listed securities that had a price on the session before, those all of whose prices tonight are among these."""
    custodians = {feed.feed: feed.delivers_for for feed in book.feeds}
    known = earlier["security_id"].unique().to_list()
    return (
        positions.lazy()
        .filter(pl.col("security_id").is_in(known), pl.col("price_ccy").is_not_null())
        .select("feed", "security_id", "price_ccy")
        .unique()
        .collect(engine="streaming")
        .join(earlier.with_columns(pl.lit(True).alias("is_same")), on=["security_id", "price_ccy"], how="left")
        .with_columns(pl.col("feed").replace_strict(custodians, return_dtype=pl.String).alias("custodian"))
        .group_by("custodian", "security_id")
        .agg(pl.col("is_same").fill_null(False).all())
        .group_by("custodian")
        .agg(pl.col("is_same").mean().alias("unchanged_frac"), pl.len().alias("unchanged_count"))
    )


def _open_breaks(breaks: pl.DataFrame | None, whose: pl.DataFrame) -> pl.DataFrame:
    if breaks is None:
        return whose.clear()
    return (
        breaks.filter(pl.col("status") == BreakStatus.OPEN.value)
        .select("account_id")
        .unique()
        .join(whose, on="account_id", how="inner")
    )


def _senders(landed: Landed, book: Book) -> list[str]:
    """Return the custodians of whom at least one file was read."""
    read = landed.source_files.filter(pl.col("status") == FileStatus.READ.value).get_column("feed").to_list()
    return sorted({feed.delivers_for for feed in book.feeds if feed.role == FeedRole.CUSTODIAN and feed.feed in read})
