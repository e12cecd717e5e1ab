"""Files and feeds: what was stopped, what is missing, and whose rows an unreadable row may have been."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from data_contracts.cash_balances import CashBalances
from data_contracts.contract import Contract
from data_contracts.open_orders import OpenOrders
from data_contracts.positions import Positions
from data_contracts.tax_lots import TaxLots
from data_contracts.vocab import Check, ExceptionEffect, ExceptionScope, FeedRole, FileStatus
from evenkeel import calendar
from evenkeel.book.feeds import FeedSpec
from evenkeel.policy.model import Policy
from evenkeel.stages.ingest.door import mask_text
from evenkeel.stages.ingest.land import Landed
from evenkeel.stages.ingest.standing import KINDS
from evenkeel.stages.reconcile.findings import Findings

VALUE_KINDS = ("positions", "lots", "orders")
"""Files of which an unreadable row may change what an account is taken to hold."""
_CONTRACTS: dict[str, tuple[type[Contract], ...]] = {**dict(KINDS), "cash": (CashBalances,)}
KIND_OF_SLOT = pl.col("slot").str.split("|").list.first()


@dataclass(frozen=True)
class EarlierFile:
    """The last file of a feed that counts for an earlier date: its name and that date."""

    name: str
    business_date: dt.date


def check_files(landed: Landed, policy: Policy, findings: Findings) -> None:
    """Report stopped files, and files in which too many rows are unreadable."""
    files = landed.source_files
    stopped = files.filter(pl.col("status") == FileStatus.STOPPED.value)
    for check in stopped.get_column("check").unique().sort().to_list():
        findings.add(
            stopped.filter(pl.col("check") == check),
            Check(check),
            ExceptionEffect.STOP,
            ExceptionScope.FILE,
            "file_name",
            pl.format("feed {}: {}: {}", "feed", "file_name", "message"),
        )
    # All rows of a stopped file are in `rejects`; that it is stopped says enough.
    rejected = files.filter(pl.col("rejected_count") > 0, pl.col("status") != FileStatus.STOPPED.value).with_columns(
        (pl.col("rejected_count") / (pl.col("kept_count") + pl.col("rejected_count"))).alias("share")
    )
    findings.add(
        rejected,
        Check.FILE_ROWS_REJECTED,
        ExceptionEffect.NOTE,
        ExceptionScope.FILE,
        "file_name",
        pl.format(
            "feed {}: {}: {} of {} rows could not be read; see `rejects` (evenkeel sql) for rows and reasons",
            "feed",
            "file_name",
            "rejected_count",
            pl.col("kept_count") + pl.col("rejected_count"),
        ),
    )
    _stop_accounts_of_rejects(landed, rejected.filter(pl.col("share") > policy.tolerances.reject_share_frac), findings)


def _stop_accounts_of_rejects(landed: Landed, too_many: pl.DataFrame, findings: Findings) -> None:
    """An unreadable row of a value file stops the accounts it may belong to.

    Those are the accounts of the rows around it; where rows of accounts are mixed, or too many rows are unreadable, every account of
    the file.
    """
    rows = _account_rows(landed)
    files = landed.source_files.filter(
        pl.col("status") == FileStatus.READ.value, pl.col("rejected_count") > 0, KIND_OF_SLOT.is_in(VALUE_KINDS)
    )
    for file in files.select(
        "feed", "file_id", "file_name", (pl.col("kept_count") + pl.col("rejected_count")).alias("data_count")
    ).iter_rows(named=True):
        # Equal bytes may have come to two feeds, so a file is named by both.
        is_of_file = (pl.col("feed") == file["feed"]) & (pl.col("file_id") == file["file_id"])
        of_file = rows.filter(is_of_file).sort("row_no")
        rejects = landed.rejects.filter(is_of_file)
        whole = _is_mixed(of_file)
        if too_many.filter(is_of_file).height:
            _stop_all(of_file, file, rejects, findings)
            continue
        unread = rejects.select("row_no", "reason").sort("row_no")
        touched = unread.head(1).join(of_file.drop("row_no"), how="cross") if whole else _around(of_file, unread)
        findings.add(
            touched.unique("account_key", keep="first", maintain_order=True).with_columns(
                pl.lit(file["feed"]).alias("feed"), pl.lit(file["file_id"]).alias("file_id")
            ),
            Check.ROW_UNREADABLE,
            ExceptionEffect.STOP,
            ExceptionScope.ACCOUNT,
            "account_key",
            pl.format(
                "account {} at {}: row {} of {} cannot be read ({}) and may be a holding of it; ask for a corrected file",
                "account_mask",
                pl.lit(file["feed"]),
                "row_no",
                pl.lit(file["file_name"]),
                "reason",
            ),
        )


def _stop_all(of_file: pl.DataFrame, file: Mapping[str, Any], rejects: pl.DataFrame, findings: Findings) -> None:
    """So many rows are unreadable that the file is not what its sender meant."""
    first = rejects.sort("row_no").row(0, named=True)
    findings.add(
        of_file.select("account_key", "account_id", "account_mask")
        .unique()
        .with_columns(
            pl.lit(file["feed"]).alias("feed"),
            pl.lit(file["file_id"]).alias("file_id"),
            pl.lit(first["row_no"]).alias("row_no"),
        ),
        Check.FILE_REJECT_SHARE,
        ExceptionEffect.STOP,
        ExceptionScope.ACCOUNT,
        "account_key",
        pl.format(
            "account {} at {}: {}: {} of its {} rows cannot be read, a larger share than the policy allows; the first is row {} ({}); "
            "ask for a corrected file",
            "account_mask",
            pl.lit(file["feed"]),
            pl.lit(file["file_name"]),
            pl.lit(rejects.height),
            pl.lit(file["data_count"]),
            pl.lit(first["row_no"]),
            pl.lit(first["reason"]),
        ),
    )


def _account_rows(landed: Landed) -> pl.DataFrame:
    columns = ["feed", "file_id", "row_no", "account_key", "account_id", "account_mask"]
    return pl.concat(
        landed.fact(contract).select(columns) for contract in (Positions, CashBalances, TaxLots, OpenOrders)
    )


def _is_mixed(rows: pl.DataFrame) -> bool:
    """Tell whether an account's rows stand in more than one run of rows."""
    runs = rows.select(pl.col("account_key").rle_id().n_unique()).item() if rows.height else 0
    return bool(runs != rows.get_column("account_key").n_unique())


def _around(rows: pl.DataFrame, unread: pl.DataFrame) -> pl.DataFrame:
    """Return, for each unread row, the rows before and after it. Both frames are sorted by `row_no`."""
    accounts = rows.select("row_no", "account_key", "account_id", "account_mask")
    sides = [
        unread.join_asof(accounts, on="row_no", strategy=strategy, allow_exact_matches=False)
        for strategy in ("backward", "forward")
    ]
    return pl.concat(sides).drop_nulls("account_key").sort("row_no", "account_key")


def check_feeds(
    business_date: dt.date,
    landed: Landed,
    feeds: Sequence[FeedSpec],
    is_past_deadline: bool,
    earlier: Mapping[str, EarlierFile],
    findings: Findings,
) -> pl.DataFrame:
    """Report feeds from which an expected kind has not come. `earlier`: by feed, what it sent last before the date.

    Returns:
        One row per custodian that is not complete: `custodian`, `message`.
    """
    incomplete = []
    for feed in feeds:
        if not feed.is_required:
            continue
        missing = [kind for kind in feed.expects if not _has_come(landed, feed.feed, kind)]
        if not missing:
            continue
        effect = ExceptionEffect.STOP if is_past_deadline else ExceptionEffect.WAIT
        check = Check.FEED_MISSING if is_past_deadline else Check.FEED_LATE
        what = " and ".join(missing)
        text = (
            f"feed {feed.feed}: no {what} for {business_date} by the deadline{_newest(earlier.get(feed.feed), business_date)}; ask "
            f"{feed.delivers_for} for it, then run the date again"
            if is_past_deadline
            else f"feed {feed.feed}: {what} for {business_date} has not come yet; its accounts wait"
        )
        row = pl.DataFrame({"feed": [feed.feed], "message": [text]})
        findings.add(row, check, effect, ExceptionScope.FEED, "feed", pl.col("message"))
        if feed.role == FeedRole.CUSTODIAN:
            incomplete.append({"custodian": feed.delivers_for, "message": text})
        elif feed.role == FeedRole.ORDERS:
            # Orders that nobody knows of would be proposed again: the accounts they may be of wait.
            concerned = [feed.custodian] if feed.custodian else sorted(_custodians(feeds))
            incomplete += [{"custodian": custodian, "message": text} for custodian in concerned]
    return pl.DataFrame(incomplete, schema={"custodian": pl.String, "message": pl.String}).unique(
        "custodian", keep="first", maintain_order=True
    )


def _custodians(feeds: Sequence[FeedSpec]) -> set[str]:
    return {feed.delivers_for for feed in feeds if feed.role == FeedRole.CUSTODIAN}


def _newest(file: EarlierFile | None, business_date: dt.date) -> str:
    if file is None:
        return ""
    age = calendar.sessions_apart(file.business_date, business_date)
    return f" (the newest file, {mask_text(file.name, ())}, is of {file.business_date}, {age} session{'s' if age != 1 else ''} old)"


def _has_come(landed: Landed, feed: str, kind: str) -> bool:
    """A kind has come when a file of it was read, be it empty, or when a statement of another kind carries its rows."""
    files = landed.source_files.filter(pl.col("feed") == feed, pl.col("status") == FileStatus.READ.value)
    if (files.select(KIND_OF_SLOT).to_series() == kind).any():
        return True
    return any((landed.fact(contract).get_column("feed") == feed).any() for contract in _CONTRACTS[kind])
