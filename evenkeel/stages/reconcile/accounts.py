"""Who is there: accounts the book does not know, accounts that did not come."""

from __future__ import annotations

import datetime as dt

import polars as pl

from data_contracts.cash_balances import CashBalances
from data_contracts.parsed import FACT_CONTRACTS
from data_contracts.positions import Positions
from data_contracts.vocab import AccountState, Check, ExceptionEffect, ExceptionScope, FeedRole, FileStatus
from evenkeel.book.model import Book
from evenkeel.stages.ingest.land import Landed
from evenkeel.stages.reconcile.findings import Findings


def enabled_accounts(book: Book, business_date: dt.date) -> pl.DataFrame:
    """Return the accounts that a run must account for: opened by the date and not closed on it."""
    return book.accounts.filter(
        pl.col("state") != AccountState.CLOSED.value,
        pl.col("opened_date").fill_null(business_date) <= business_date,
        pl.col("closed_date").is_null() | (pl.col("closed_date") > business_date),
    )


def custodian_feeds(book: Book) -> list[str]:
    """Return the names of the feeds whose positions and cash are believed."""
    return feeds_of(book, FeedRole.CUSTODIAN)


def feeds_of(book: Book, role: FeedRole) -> list[str]:
    """Return the names of the feeds of that role."""
    return [feed.feed for feed in book.feeds if feed.role == role]


def check_accounts(
    landed: Landed, book: Book, enabled: pl.DataFrame, incomplete: pl.DataFrame, findings: Findings
) -> None:
    """Report unknown accounts (a note) and enabled accounts without a row in a complete feed (a stop)."""
    feeds = custodian_feeds(book)
    sent = [landed.fact(contract).filter(pl.col("feed").is_in(feeds)) for contract in (Positions, CashBalances)]
    came = pl.concat(rows.select("account_id") for rows in sent).drop_nulls().unique()
    unknown = pl.concat(
        rows.filter(pl.col("account_id").is_null()).select("feed", "account_key", "account_mask", "account_id")
        for rows in sent
    ).unique(["feed", "account_key"], keep="first", maintain_order=True)
    elsewhere = unknown.join(book.accounts.select("account_key", "custodian"), on="account_key", how="inner").unique(
        ["feed", "account_key"], keep="first", maintain_order=True
    )
    findings.add(
        elsewhere,
        Check.ACCOUNT_OTHER_CUSTODIAN,
        ExceptionEffect.NOTE,
        ExceptionScope.ACCOUNT,
        "account_key",
        pl.format(
            "feed {}: account {} is in the book at custodian {}; its rows are kept and not measured; correct accounts.csv or the file",
            "feed",
            "account_mask",
            "custodian",
        ),
    )
    findings.add(
        unknown.join(elsewhere, on=["feed", "account_key"], how="anti"),
        Check.ACCOUNT_UNKNOWN,
        ExceptionEffect.NOTE,
        ExceptionScope.ACCOUNT,
        "account_key",
        pl.format(
            "feed {}: account {} is not in the book; its rows are kept and not measured; add it to accounts.csv, or its text to "
            "account_aliases.csv",
            "feed",
            "account_mask",
        ),
    )
    missing = (
        enabled.join(incomplete.select("custodian"), on="custodian", how="anti")
        .join(came, on="account_id", how="anti")
        .select("account_id", "account_mask", "custodian", "state")
        .with_columns(pl.col("custodian").is_in(_with_stopped_files(landed, book)).alias("has_stopped_file"))
    )
    asks = (
        pl.when("has_stopped_file")
        .then(pl.lit("its rows may be in the file of it that was stopped: mend that first"))
        .otherwise(pl.lit("ask for it, or close it in accounts.csv"))
    )
    # A new or closing account, which is held back anyway, may not be at its custodian yet, or any more.
    is_open = pl.col("state") == AccountState.OPEN.value
    for wanted, effect in ((is_open, ExceptionEffect.STOP), (~is_open, ExceptionEffect.NOTE)):
        findings.add(
            missing.filter(wanted),
            Check.ACCOUNT_MISSING,
            effect,
            ExceptionScope.ACCOUNT,
            "account_id",
            pl.format(
                "account {} ({}): {} delivered, but without this account; {}",
                "account_id",
                "account_mask",
                "custodian",
                asks,
            ),
        )


def _with_stopped_files(landed: Landed, book: Book) -> list[str]:
    """Return the custodians of whom a file was stopped."""
    stopped = landed.source_files.filter(pl.col("status") == FileStatus.STOPPED.value)["feed"].to_list()
    return sorted({feed.delivers_for for feed in book.feeds if feed.feed in stopped})


def check_other_feeds(landed: Landed, book: Book, findings: Findings) -> None:
    """Report account numbers of feeds that are no custodian's and stand for no account, or for several.

    An order may be any of the accounts that share its number, so all of them stop: an order left out would be proposed again. An order
    of an account that the book does not know is a note. Whether a portfolio system agrees with the custodians is not judged here.
    """
    sent = pl.concat(
        landed.fact(contract)
        .filter(
            # A whole file's control total names no account.
            pl.col("account_key").is_not_null(),
            pl.col("account_id").is_null(),
            ~pl.col("feed").is_in(custodian_feeds(book)),
        )
        .select("feed", "account_key", "account_mask", "account_id")
        for contract in FACT_CONTRACTS
        if "account_key" in contract.polars_schema()
    )
    unplaced = sent.drop("account_id").unique(["feed", "account_key"], keep="first", maintain_order=True)
    sharing = (
        book.accounts.select("account_id", "account_key", "custodian")
        .drop_nulls("account_key")
        .with_columns(pl.len().over("account_key").alias("count"))
        .filter(pl.col("count") > 1)
    )
    ambiguous = unplaced.join(sharing, on="account_key", how="inner")
    of_orders = pl.col("feed").is_in(feeds_of(book, FeedRole.ORDERS))
    for is_order, effect in ((of_orders, ExceptionEffect.STOP), (~of_orders, ExceptionEffect.NOTE)):
        findings.add(
            ambiguous.filter(is_order).sort("feed", "account_id"),
            Check.ACCOUNT_AMBIGUOUS,
            effect,
            ExceptionScope.ACCOUNT,
            "account_id",
            pl.format(
                "feed {}: number {} may be account {} of {} or another account with the same number; add it for this feed to "
                "account_aliases.csv",
                "feed",
                "account_mask",
                "account_id",
                "custodian",
            ),
        )
    findings.add(
        unplaced.join(sharing, on="account_key", how="anti").filter(of_orders),
        Check.ACCOUNT_UNKNOWN,
        ExceptionEffect.NOTE,
        ExceptionScope.ACCOUNT,
        "account_key",
        pl.format(
            "feed {}: account {} is not in the book; its orders are kept and not counted; add it to accounts.csv, or its text to "
            "account_aliases.csv",
            "feed",
            "account_mask",
        ),
    )
