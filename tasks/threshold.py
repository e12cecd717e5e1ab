"""The threshold step as a task; the step itself is `evenkeel.run.steps.threshold`."""

from __future__ import annotations

import datetime as dt

from prefect import task

from tasks.step import Address, options, run_step


@task(**options("threshold"))
def threshold(business_date: dt.date, as_known_at: dt.datetime | None, staged: list[Address]) -> list[Address]:
    """Write whose turn it is to be looked at, each band, and who is outside theirs."""
    return run_step("threshold", business_date, as_known_at, staged)
