"""The reconcile step as a task; the step itself is `evenkeel.run.steps.reconcile`."""

from __future__ import annotations

import datetime as dt

from prefect import task

from tasks.step import Address, options, run_step


@task(**options("reconcile"))
def reconcile(business_date: dt.date, as_known_at: dt.datetime | None, staged: list[Address]) -> list[Address]:
    """Stop what is stale or does not add up; write trusted holdings, exceptions and coverage."""
    return run_step("reconcile", business_date, as_known_at, staged)
