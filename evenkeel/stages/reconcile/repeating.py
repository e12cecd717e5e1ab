"""Holdings that were sent twice: in two files that both count, or on two lines of one."""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import CashBucket, Check, ExceptionEffect, ExceptionScope
from evenkeel.stages.reconcile.findings import Findings
from evenkeel.stages.reconcile.totals import HELD_CASH

STOP, ACCOUNT, DUPLICATE = ExceptionEffect.STOP, ExceptionScope.ACCOUNT, Check.DUPLICATE_POSITION


def check_one_source(positions: pl.DataFrame, cash: pl.DataFrame, findings: Findings) -> None:
    """Stop accounts of which two files that both count tell the same holding: it would be added to itself.

    Two feeds of one custodian may send an account's securities and its cash apart, or each a part of its securities.
    """
    bucket = pl.when(pl.col("bucket").is_in(HELD_CASH)).then(pl.lit("cash")).otherwise(pl.lit("pending cash"))
    counted = pl.col("bucket").is_in([*HELD_CASH, CashBucket.PENDING.value])
    where = ("feed", "file_id", "row_no", "account_id")
    lines = pl.concat(
        [
            positions.filter(
                pl.col("security_id").is_not_null(),
                (pl.col("held_qty") != 0).fill_null(True) | (pl.col("value_ccy") != 0).fill_null(False),
            ).select(*where, pl.col("security_id").alias("what")),
            cash.filter(counted).select(*where, pl.format("{} in {}", bucket, "currency").alias("what")),
        ]
    )
    same = ["account_id", "what"]
    repeated = (
        lines.filter(_may_repeat(*same))
        .filter(pl.struct("feed", "file_id").n_unique().over(same) > 1)
        .sort("feed", "file_id", "row_no")
        .unique(same, keep="last", maintain_order=True)
    )
    findings.add(
        repeated,
        DUPLICATE,
        STOP,
        ACCOUNT,
        "account_id",
        pl.format(
            "account {}: row {}: {} has come in two files that both count, and would count twice; have one feed send it, or ask for one "
            "file with the whole account",
            "account_id",
            "row_no",
            "what",
        ),
        detail="what",
    )


def check_repeated(known: pl.DataFrame, findings: Findings) -> None:
    """The same security twice in one sub-account is legitimate (plan sources, say); the same figures twice are a row sent twice."""
    same = ["feed", "account_id", "security_id", "sub_account", "held_qty", "value_ccy"]
    often = known.filter(_may_repeat("account_id", "security_id"))
    repeated = often.filter(pl.len().over(same) > 1).unique(same, keep="last", maintain_order=True)
    findings.add(
        repeated,
        DUPLICATE,
        STOP,
        ACCOUNT,
        "account_id",
        pl.format(
            "account {}: row {}: {} stands twice with the same figures; ask for a corrected file",
            "account_id",
            "row_no",
            "security_id",
        ),
        detail="security_id",
    )


def _may_repeat(*names: str) -> pl.Expr:
    """Return the rows whose pair may stand elsewhere too: by one number, which is quick, so now and then a row too many."""
    first, second = names
    return (pl.col(first).hash() + pl.col(second).hash(1)).is_duplicated()
