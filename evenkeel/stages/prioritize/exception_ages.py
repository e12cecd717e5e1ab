"""Since when each exception has stood: folded like episodes."""

from __future__ import annotations

import datetime as dt

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.conform import conform
from data_contracts.exception_ages import ExceptionAges
from data_contracts.exceptions import Exceptions
from evenkeel import calendar


def fold_exception_ages(
    business_date: dt.date, yesterday: DataFrame[ExceptionAges] | None, exceptions: DataFrame[Exceptions]
) -> DataFrame[ExceptionAges]:
    """Return since when each of today's exceptions has been found without a break.

    Args:
        business_date: The session.
        yesterday: The ages of the session before it that was run; None on the first.
        exceptions: Today's.
    """
    before = (ExceptionAges.empty_frame() if yesterday is None else yesterday).select("exception_id", "since_date")
    ages = (
        exceptions.select("business_date", "exception_id")
        .join(before, on="exception_id", how="left")
        .with_columns(pl.col("since_date").fill_null(business_date))
        .with_columns(
            calendar.sessions_apart_expr(pl.col("since_date"), pl.lit(business_date)).alias("age_sessions"),
        )
    )
    return conform(ages, ExceptionAges)
