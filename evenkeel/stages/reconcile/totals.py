"""A source's own figures about its file, against the rows of that file."""

from __future__ import annotations

import polars as pl

from data_contracts.cash_balances import CashBalances
from data_contracts.control_totals import ControlTotals
from data_contracts.positions import Positions
from data_contracts.tax_lots import TaxLots
from data_contracts.transactions import Transactions
from data_contracts.vocab import CashBucket, Check, ExceptionEffect, ExceptionScope, TotalKind
from evenkeel.policy.model import Policy
from evenkeel.stages.ingest.land import Landed
from evenkeel.stages.reconcile.findings import Findings, plain

HELD_CASH = (CashBucket.CORE.value, CashBucket.SWEEP.value)
_FILE = ["feed", "file_id"]
"""Equal bytes may have come to two feeds, so a file is named by both."""
_BY = [*_FILE, "account_key", "currency"]


def check_totals(landed: Landed, feeds: list[str], policy: Policy, findings: Findings) -> None:
    """Stop accounts whose stated value, cash or lot totals differ from their rows; note histories that do. `feeds`: custodians'."""
    totals = landed.fact(ControlTotals).filter(pl.col("feed").is_in(feeds))
    if not totals.height:
        return
    securities = _sums(landed.fact(Positions).with_columns(_value().alias("figure")), _BY)
    cash = _sums(
        landed.fact(CashBalances)
        .filter(pl.col("bucket").is_in(HELD_CASH))
        .with_columns(pl.col("amount_ccy").alias("figure")),
        _BY,
    )
    everything = _sums(pl.concat([securities, cash]), _BY)
    lots = landed.fact(TaxLots)
    allowed = policy.tolerances.total_abs
    _compare(totals, TotalKind.ACCOUNT_VALUE, everything, _BY, allowed, findings)
    _compare(totals, TotalKind.SECURITIES_VALUE, securities, _BY, allowed, findings)
    _compare(totals, TotalKind.CASH_VALUE, cash, _BY, allowed, findings)
    by_symbol = [*_FILE, "account_key", "symbol"]
    _compare(
        totals,
        TotalKind.LOT_QTY,
        _sums(lots.with_columns(pl.col("held_qty").alias("figure")), by_symbol),
        by_symbol,
        policy.tolerances.lots_qty,
        findings,
    )
    _compare(
        totals,
        TotalKind.LOT_COST,
        _sums(lots.with_columns(pl.col("cost_ccy").alias("figure")), by_symbol),
        by_symbol,
        policy.tolerances.lots_cost_abs,
        findings,
    )
    by_account = [*_FILE, "account_key"]
    history = _sums(landed.fact(Transactions).with_columns(pl.col("net_cash_ccy").alias("figure")), by_account)
    _compare(totals, TotalKind.NET_AMOUNT, history, by_account, allowed, findings, ExceptionEffect.NOTE)
    _note_whole_histories(totals.join(_names(landed), on=_FILE), history, allowed, findings)


def _names(landed: Landed) -> pl.DataFrame:
    return landed.source_files.select("feed", "file_id", "file_name")


def _note_whole_histories(totals: pl.DataFrame, history: pl.DataFrame, allowed: float, findings: Findings) -> None:
    """A history's net amount that names no account is that of the whole file."""
    off = (
        totals.filter(pl.col("total_kind") == TotalKind.NET_AMOUNT.value, pl.col("account_key").is_null())
        .join(_sums(history, _FILE), on=_FILE, how="left")
        .with_columns(pl.col("figure").fill_null(0).cast(pl.Float64), pl.col("stated").cast(pl.Float64))
        .filter((pl.col("figure") - pl.col("stated")).abs() > allowed)
    )
    findings.add(
        off,
        Check.TOTAL_MISMATCH,
        ExceptionEffect.NOTE,
        ExceptionScope.FILE,
        "file_name",
        pl.format(
            "feed {}: {}: row {}: the file states a net amount of {}, its rows add up to {}; ask for a complete file",
            "feed",
            "file_name",
            "row_no",
            plain(pl.col("stated")),
            plain(pl.col("figure")),
        ),
        expected=plain(pl.col("stated")),
        found=plain(pl.col("figure")),
    )


def _value() -> pl.Expr:
    product = pl.col("held_qty").cast(pl.Float64) * pl.col("price_ccy").cast(pl.Float64)
    return pl.coalesce(pl.col("value_ccy"), product.round(2).cast(pl.Decimal(38, 15)))


def _sums(rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    return rows.group_by(by).agg(pl.col("figure").sum())


def _compare(
    totals: pl.DataFrame,
    kind: TotalKind,
    sums: pl.DataFrame,
    by: list[str],
    allowed: float,
    findings: Findings,
    effect: ExceptionEffect = ExceptionEffect.STOP,
) -> None:
    stated = totals.filter(pl.col("total_kind") == kind.value, pl.col("account_key").is_not_null())
    if not stated.height:
        return
    if "currency" in by and stated.get_column("currency").null_count():
        stated = stated.with_columns(pl.col("currency").fill_null("USD"))
    off = (
        stated.join(sums, on=by, how="left")
        .with_columns(pl.col("figure").fill_null(0).cast(pl.Float64), pl.col("stated").cast(pl.Float64))
        .filter((pl.col("figure") - pl.col("stated")).abs() > allowed)
        .with_columns(pl.concat_str([pl.lit(kind.value), pl.col("symbol").fill_null("")], separator=" ").alias("what"))
    )
    findings.add(
        off.with_columns(pl.coalesce("account_id", "account_key").alias("subject")),
        Check.TOTAL_MISMATCH,
        effect,
        ExceptionScope.ACCOUNT,
        "subject",
        pl.format(
            "account {}: row {}: the file states {} as its {}, its rows add up to {}; ask for a complete file",
            pl.coalesce("account_id", "account_mask"),
            "row_no",
            plain(pl.col("stated")),
            pl.lit(kind.value.replace("_", " ")),
            plain(pl.col("figure")),
        ),
        detail="what",
        expected=plain(pl.col("stated")),
        found=plain(pl.col("figure")),
    )
