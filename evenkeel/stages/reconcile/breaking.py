"""Differences as the dataset `breaks`, and what an open one does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.breaks import Breaks
from data_contracts.conform import conform
from data_contracts.vocab import BreakKind, BreakStatus, Check, Comparison, ExceptionEffect, ExceptionScope, Explanation
from evenkeel.identity import stable_id
from evenkeel.policy.model import Policy
from evenkeel.stages.reconcile.findings import Findings

CHECK_OF = {
    BreakKind.ACCOUNT: Check.BREAK_ACCOUNT,
    BreakKind.QUANTITY: Check.BREAK_QUANTITY,
    BreakKind.PRICE: Check.BREAK_PRICE,
    BreakKind.VALUE: Check.BREAK_VALUE,
    BreakKind.COST: Check.BREAK_COST,
    BreakKind.CASH: Check.BREAK_CASH,
}
_ROLL = {BreakKind.QUANTITY: Check.ROLL_QUANTITY, BreakKind.CASH: Check.ROLL_CASH}


def once(differences: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    """Return the differences with every open one explained whose cause is told already: one cause raises one break.

    It is told by a check of the holding itself, or by the roll-forward where the portfolio system differs in the same holding.
    """
    told = (
        findings.frame.filter(
            pl.col("effect") == ExceptionEffect.STOP.value,
            pl.col("account_id").is_not_null(),
            pl.col("detail").is_not_null(),
        )
        .group_by("account_id", pl.col("detail").alias("security_id"))
        .agg(pl.col("check").first().alias("told_by"))
    )
    pair = ["account_id", "security_id"]
    is_open = pl.col("status") == BreakStatus.OPEN.value
    is_rolled = pl.col("comparison") == Comparison.ROLL_FORWARD.value
    rolled = (
        differences.filter(is_open, is_rolled)
        .select(*pair, "kind")
        .with_columns(pl.lit("the roll-forward").alias("rolled_by"))
    )
    marked = (
        differences.join(told, on=pair, how="left", maintain_order="left")
        .join(rolled, on=[*pair, "kind"], how="left", maintain_order="left")
        .with_columns(
            pl.coalesce(pl.format("the check {}", "told_by"), pl.when(~is_rolled).then(pl.col("rolled_by"))).alias(
                "teller"
            )
        )
    )
    is_told = is_open & pl.col("teller").is_not_null()
    return marked.with_columns(
        pl.when(is_told).then(pl.lit(BreakStatus.EXPLAINED.value)).otherwise("status").alias("status"),
        pl.when(is_told).then(pl.lit(Explanation.SAME_CAUSE.value)).otherwise("explanation").alias("explanation"),
        pl.when(is_told)
        .then(pl.format("{}; it has the cause that {} tells of", "reason", "teller"))
        .otherwise("reason")
        .alias("reason"),
    ).select(differences.columns)


def find_open(differences: pl.DataFrame, policy: Policy, findings: Findings) -> None:
    """Add a finding for each open difference: a stop of its account, or a note where the policy says that its kind does not stop.

    A price is a security's matter: it is noted here, and stops where it could change an outcome (`doubting`).
    """
    is_open = differences.filter(pl.col("status") == BreakStatus.OPEN.value)
    rolled = pl.col("comparison") == Comparison.ROLL_FORWARD.value
    rows = is_open
    for kind, check in _ROLL.items():
        _add(rows.filter(rolled, pl.col("kind") == kind.value), check, ExceptionEffect.STOP, findings)
    compared = pl.col("comparison") == Comparison.PORTFOLIO_SYSTEM.value
    for kind in (
        BreakKind.ACCOUNT,
        BreakKind.QUANTITY,
        BreakKind.PRICE,
        BreakKind.VALUE,
        BreakKind.COST,
        BreakKind.CASH,
    ):
        effect = ExceptionEffect.STOP if kind in policy.reconciliation.stops else ExceptionEffect.NOTE
        _add(rows.filter(compared, pl.col("kind") == kind.value), CHECK_OF[kind], effect, findings)
    priced = rows.filter(pl.col("comparison") == Comparison.PRICES.value)
    findings.add(
        priced.drop("account_id"),
        Check.BREAK_PRICE,
        ExceptionEffect.NOTE,
        ExceptionScope.SECURITY,
        "security_id",
        pl.format("security {} at {}: {}", "security_id", "custodian", "reason"),
        detail="custodian",
        expected=pl.col("left").cast(pl.Float64),
        found=pl.col("right").cast(pl.Float64),
    )


def _add(rows: pl.DataFrame, check: Check, effect: ExceptionEffect, findings: Findings) -> None:
    findings.add(
        rows,
        check,
        effect,
        ExceptionScope.ACCOUNT,
        "account_id",
        pl.when(pl.col("security_id").is_null())
        .then(pl.format("account {}: {}", "account_id", "reason"))
        .otherwise(pl.format("account {}: {}: {}", "account_id", "security_id", "reason")),
        detail="security_id",
        expected=pl.col("left").cast(pl.Float64),
        found=pl.col("right").cast(pl.Float64),
    )


def to_breaks(business_date: dt.date, parts: Sequence[pl.DataFrame]) -> DataFrame[Breaks]:
    """Return the dataset of the date."""
    rows = (
        pl.concat([part for part in parts if part.height], how="vertical_relaxed")
        if any(p.height for p in parts)
        else None
    )
    if rows is None:
        return conform(Breaks.empty_frame(), Breaks)
    keys = rows.select(
        "comparison", "kind", "custodian", "account_id", "security_id", "left_source", pl.col("right").cast(pl.Float64)
    )
    # Two prices of one security at one custodian are two differences; any other figure is no part of what a difference is.
    names = [
        stable_id("br", *key[:6], key[6] if key[0] == Comparison.PRICES.value else None) for key in keys.iter_rows()
    ]
    quoted = pl.format('["{}"]', pl.col("transaction_ids").list.join('","'))
    return conform(
        rows.with_columns(
            pl.Series("break_id", names, dtype=pl.String),
            pl.lit(business_date).alias("business_date"),
            pl.when(pl.col("transaction_ids").list.len() > 0).then(quoted).alias("transaction_ids_json"),
        ),
        Breaks,
    )
