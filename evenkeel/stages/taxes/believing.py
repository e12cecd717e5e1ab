"""Whose facts of a date are believed."""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import CoverageStatus, ExceptionEffect


def believed_accounts(coverage: pl.DataFrame, exceptions: pl.DataFrame) -> pl.DataFrame:
    """Return `account_id` of the accounts that have come whole and that no check stopped.

    A coverage status names one reason only, and a person's word comes first in it: a suspended account may be stopped as well, and one at a
    late custodian. So stops are read from the exceptions, and late custodians from the accounts that wait for them.

    Args:
        coverage: `Coverage` of the date.
        exceptions: `Exceptions` of the date.
    """
    late = coverage.filter(pl.col("status") == CoverageStatus.WAITING.value).select("custodian").unique()
    stopped = exceptions.filter(
        pl.col("effect") == ExceptionEffect.STOP.value, pl.col("account_id").is_not_null()
    ).select("account_id")
    return (
        coverage.filter(pl.col("status") != CoverageStatus.QUARANTINED.value)
        .join(late, on="custodian", how="anti")
        .join(stopped, on="account_id", how="anti")
        .select("account_id")
    )
