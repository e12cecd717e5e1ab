"""Trailers: what a source says its whole file counts and adds up to, against the rows of that file.

A figure of one account belongs in `totals`. A file that is not what its sender counted is not believed, and what follows depends on what it
is believed for: holdings stop the accounts it tells of, orders every account they may be of, a file that is only compared with is left
out of the comparison.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from data_contracts.cash_balances import CashBalances
from data_contracts.contract import Contract
from data_contracts.control_totals import ControlTotals
from data_contracts.fields import FACT_DTYPE
from data_contracts.fx_rates import FxRates
from data_contracts.indicators import Indicators
from data_contracts.open_orders import OpenOrders
from data_contracts.parsed import FACT_CONTRACTS
from data_contracts.positions import Positions
from data_contracts.prices import Prices
from data_contracts.realized_lots import RealizedLots
from data_contracts.tax_lots import TaxLots
from data_contracts.transactions import Transactions
from data_contracts.vocab import Check, ExceptionEffect, ExceptionScope, FeedRole, FileStatus, OrderSide, TotalKind
from evenkeel.book.feeds import FeedSpec
from evenkeel.book.model import Book
from evenkeel.stages.ingest.land import Landed
from evenkeel.stages.reconcile.files import KIND_OF_SLOT
from evenkeel.stages.reconcile.findings import Findings

SAME = Decimal("0.000001")
"""Up to where a stated figure and the rows' are the same: a trailer is exact."""

QUANTITIES: dict[str, tuple[tuple[type[Contract], str], ...]] = {
    "positions": ((Positions, "held_qty"),),
    "lots": ((TaxLots, "held_qty"),),
    "transactions": ((Transactions, "traded_qty"),),
    "realized": ((RealizedLots, "closed_qty"),),
    "orders": ((OpenOrders, "order_qty"),),
}
"""What QTY_SUM adds up, by what the file is for. A list of cash alone has no quantities."""

NET_QUANTITIES: dict[str, tuple[tuple[type[Contract], str], ...]] = {"orders": ((OpenOrders, "order_qty"),)}
"""What NET_QTY adds up: purchases less sales."""

AMOUNTS: dict[str, tuple[tuple[type[Contract], str], ...]] = {
    "positions": ((Positions, "value_ccy"), (CashBalances, "amount_ccy")),
    "lots": ((TaxLots, "cost_ccy"),),
    "transactions": ((Transactions, "net_cash_ccy"),),
    "realized": ((RealizedLots, "proceeds_ccy"),),
    "orders": ((OpenOrders, "estimated_price_ccy"),),
    "prices": ((Prices, "price_ccy"),),
    "indicators": ((Indicators, "reading"),),
    "fx": ((FxRates, "rate"),),
}
"""What AMOUNT_SUM adds up."""

HOLDINGS = ("positions", "lots")
"""Kinds of a custodian's files (cash is of kind positions) that say what is held; a mismatch counts for the gate."""
HISTORIES = ("transactions", "realized")
STRICT = ("orders", "indicators")
"""Kinds whose sums are compared although a row was unreadable: that row may be about anyone, and nothing else would notice."""

_FILE = ["feed", "file_id"]
_WORDS = {
    TotalKind.ROW_COUNT.value: "count of rows",
    TotalKind.QTY_SUM.value: "sum of quantities",
    TotalKind.NET_QTY.value: "net quantity",
    TotalKind.AMOUNT_SUM.value: "sum of amounts",
}


@dataclass(frozen=True)
class FileTotals:
    """What came of the comparison.

    `not_believed`: `(feed, file_id)` of the files that must be left out of every comparison. `mismatches`: one row per stated figure of a
    custodian's holdings that the rows do not meet: `custodian, feed, file_id, total_kind, is_of_one_account`.
    """

    not_believed: frozenset[tuple[str, str]]
    mismatches: pl.DataFrame


def check_file_totals(landed: Landed, book: Book, enabled: pl.DataFrame, findings: Findings) -> FileTotals:
    """Stop what rests on a file whose rows are not what its trailer says.

    Every such file is reported as a file. Beside that, a custodian's holdings, transactions and realized lots stop the accounts of the
    file, and orders every enabled account they may be of. Sums of a file with unreadable rows are not compared, which is noted, but for
    `STRICT` kinds: an unreadable row stops its own accounts, and its figures are missing from the sum. Rows are always counted.
    """
    files = _files(landed, book)
    off = _compare(landed, files)
    _note_uncompared(off.filter("is_uncompared"), findings)
    off = off.filter(~pl.col("is_uncompared"), pl.col("is_off"))
    findings.add(
        off,
        Check.TOTAL_MISMATCH,
        ExceptionEffect.STOP,
        ExceptionScope.FILE,
        "file_name",
        pl.format(
            "feed {}: {}: the file states {} as its {}, its rows make {}; nothing in it is believed: ask for a complete file",
            "feed",
            "file_name",
            _short("stated"),
            "what",
            _short("figure"),
        ),
        detail="what",
        expected=_short("stated"),
        found=_short("figure"),
    )
    wrong = off.unique(_FILE, keep="first", maintain_order=True)
    is_custodians = pl.col("role") == FeedRole.CUSTODIAN.value
    is_orders = (pl.col("kind") == "orders") | (pl.col("role") == FeedRole.ORDERS.value)
    is_accounts = is_custodians & pl.col("kind").is_in([*HOLDINGS, *HISTORIES])
    _stop_accounts_in(landed, wrong.filter(is_accounts), findings)
    _stop_accounts_ordered_for(wrong.filter(is_orders), book, enabled, findings)
    left_out = wrong.filter(~is_accounts, ~is_orders)
    is_of_gate = is_custodians & pl.col("kind").is_in(HOLDINGS)
    return FileTotals(
        not_believed=frozenset(left_out.select(_FILE).rows()),
        mismatches=off.filter(is_of_gate).select("custodian", *_FILE, "total_kind", "is_of_one_account"),
    )


def _files(landed: Landed, book: Book) -> pl.DataFrame:
    """Return the files that were read: what each is for, of what feed, and how many data rows it has."""
    feeds = pl.DataFrame(
        [(feed.feed, feed.role.value, feed.delivers_for) for feed in book.feeds],
        schema={"feed": pl.String, "role": pl.String, "custodian": pl.String},
        orient="row",
    )
    return (
        landed.source_files.filter(pl.col("status") == FileStatus.READ.value)
        .select(
            *_FILE,
            "file_name",
            "rejected_count",
            KIND_OF_SLOT.alias("kind"),
            (pl.col("slot").str.split("|").list.last() != "all").alias("is_of_one_account"),
        )
        .join(feeds, on="feed", how="left")
    )


def _compare(landed: Landed, files: pl.DataFrame) -> pl.DataFrame:
    """Return one row per file and kind of whole-file figure: `stated`, `figure`, `is_off`, and `is_uncompared`.

    A file may state a figure for each of its sections; they add up to the file's.
    """
    stated = (
        landed.fact(ControlTotals)
        .filter(pl.col("account_key").is_null(), pl.col("total_kind").is_in(list(_WORDS)))
        .group_by(*_FILE, "total_kind")
        .agg(pl.col("stated").sum())
        .join(files, on=_FILE, how="inner")
        .sort(*_FILE, "total_kind")
    )
    figures = pl.concat(
        [
            _row_counts(landed, _of_kind(stated, TotalKind.ROW_COUNT)),
            _sums(landed, _of_kind(stated, TotalKind.QTY_SUM), TotalKind.QTY_SUM, QUANTITIES),
            _sums(landed, _of_kind(stated, TotalKind.NET_QTY), TotalKind.NET_QTY, NET_QUANTITIES),
            _sums(landed, _of_kind(stated, TotalKind.AMOUNT_SUM), TotalKind.AMOUNT_SUM, AMOUNTS),
        ]
    )
    is_sum = pl.col("total_kind") != TotalKind.ROW_COUNT.value
    return stated.join(figures, on=[*_FILE, "total_kind"], how="inner", maintain_order="left").with_columns(
        pl.col("total_kind").replace_strict(_WORDS).alias("what"),
        ((pl.col("stated") - pl.col("figure")).abs() > pl.lit(SAME, dtype=FACT_DTYPE)).alias("is_off"),
        (is_sum & (pl.col("rejected_count") > 0) & ~pl.col("kind").is_in(STRICT)).alias("is_uncompared"),
    )


def _of_kind(stated: pl.DataFrame, kind: TotalKind) -> pl.DataFrame:
    return stated.filter(pl.col("total_kind") == kind.value)


def _row_counts(landed: Landed, stated: pl.DataFrame) -> pl.DataFrame:
    """Rows with data, readable or not, the trailer itself left out. One row may fill several tables."""
    if not stated.height:
        return _no_figures(stated)
    rows = [
        landed.fact(contract).lazy().select(*_FILE, "row_no").join(stated.lazy().select(_FILE), on=_FILE, how="semi")
        for contract in FACT_CONTRACTS
        if contract is not ControlTotals
    ]
    counted = pl.concat(rows).unique().group_by(_FILE).agg(pl.len().alias("kept")).collect()
    return _figures(
        stated.join(counted, on=_FILE, how="left").with_columns(
            (pl.col("kept").fill_null(0) + pl.col("rejected_count")).alias("figure")
        )
    )


def _signed(name: str, total_kind: TotalKind) -> pl.Expr:
    if total_kind is not TotalKind.NET_QTY:
        return pl.col(name)
    return pl.when(pl.col("side") == OrderSide.SELL.value).then(-pl.col(name)).otherwise(pl.col(name))


def _sums(
    landed: Landed,
    stated: pl.DataFrame,
    total_kind: TotalKind,
    columns: dict[str, tuple[tuple[type[Contract], str], ...]],
) -> pl.DataFrame:
    """Add up a file's column; a null counts as zero. A kind without such a column has no figure, and is not compared."""
    parts = []
    for kind, sources in columns.items():
        asked = stated.filter(pl.col("kind") == kind).select(*_FILE, "total_kind")
        if not asked.height:
            continue
        if total_kind is TotalKind.QTY_SUM and kind == "positions":
            asked = asked.join(_cash_only(landed), on=_FILE, how="anti")
        rows = pl.concat(
            landed.fact(contract).lazy().select(*_FILE, _signed(name, total_kind).alias("figure"))
            for contract, name in sources
        ).join(asked.lazy().select(_FILE), on=_FILE, how="semi")
        sums = rows.group_by(_FILE).agg(pl.col("figure").sum()).collect()
        parts.append(_figures(asked.join(sums, on=_FILE, how="left").with_columns(pl.col("figure").fill_null(0))))
    return pl.concat([_no_figures(stated), *parts])


def _no_figures(stated: pl.DataFrame) -> pl.DataFrame:
    return _figures(stated.clear().with_columns(pl.lit(0).alias("figure")))


def _figures(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(*_FILE, "total_kind", pl.col("figure").cast(FACT_DTYPE))


def _cash_only(landed: Landed) -> pl.DataFrame:
    files = [landed.fact(contract).select(_FILE).unique() for contract in (CashBalances, Positions)]
    return files[0].join(files[1], on=_FILE, how="anti")


def _note_uncompared(rows: pl.DataFrame, findings: Findings) -> None:
    findings.add(
        rows,
        Check.TOTAL_MISMATCH,
        ExceptionEffect.NOTE,
        ExceptionScope.FILE,
        "file_name",
        pl.format(
            "feed {}: {}: its {} is not compared, for the figures of {} rows that cannot be read are missing from it; ask for a "
            "corrected file",
            "feed",
            "file_name",
            "what",
            "rejected_count",
        ),
        detail="what",
    )


def _stop_accounts_in(landed: Landed, files: pl.DataFrame, findings: Findings) -> None:
    """Stop each of the book's accounts that has a row in one of the files."""
    if not files.height:
        return
    rows = pl.concat(
        landed.fact(contract).select(*_FILE, "account_id")
        for contract in FACT_CONTRACTS
        if "account_key" in contract.polars_schema() and contract is not ControlTotals
    ).unique()
    _stop(
        rows.drop_nulls("account_id").join(files, on=_FILE, how="inner").sort("account_id", *_FILE),
        "account {}: {} of {} is not what its sender counted: the {} differs; ask for a complete file",
        findings,
    )


def _stop_accounts_ordered_for(files: pl.DataFrame, book: Book, enabled: pl.DataFrame, findings: Findings) -> None:
    """An order that is missing, or wrong, may be any account's that the feed sends orders for."""
    specs = {feed.feed: feed for feed in book.feeds}
    concerned = pl.DataFrame(
        [(name, custodian) for name in files["feed"].unique() for custodian in _ordered_for(specs[name], book)],
        schema={"feed": pl.String, "concerned": pl.String},
        orient="row",
    )
    touched = (
        files.join(concerned, on="feed", how="inner")
        .join(enabled.select("account_id", pl.col("custodian").alias("concerned")), on="concerned", how="inner")
        .sort("account_id", *_FILE)
    )
    _stop(
        touched,
        "account {}: {} of {} is not what its sender counted, and an order in it may be its: the {} differs; ask for a complete file",
        findings,
    )


def _ordered_for(feed: FeedSpec, book: Book) -> list[str]:
    """Return the custodians whose accounts a feed's orders may be of, as `check_feeds` takes them."""
    if feed.custodian or feed.role == FeedRole.CUSTODIAN:
        return [feed.delivers_for]
    return sorted({each.delivers_for for each in book.feeds if each.role == FeedRole.CUSTODIAN})


def _stop(touched: pl.DataFrame, text: str, findings: Findings) -> None:
    findings.add(
        touched,
        Check.TOTAL_MISMATCH,
        ExceptionEffect.STOP,
        ExceptionScope.ACCOUNT,
        "account_id",
        pl.format(text, "account_id", "file_name", "feed", "what"),
        detail="kind",
    )


def _short(name: str) -> pl.Expr:
    """Return a fact as text without the zeros its precision adds."""
    return pl.col(name).cast(pl.String).str.strip_chars_end("0").str.strip_chars_end(".")
