"""The prioritize step as a task; the step itself is `evenkeel.run.steps.prioritize`."""

from __future__ import annotations

import datetime as dt

from prefect import task

from tasks.step import Address, options, run_step


@task(**options("prioritize"))
def prioritize(business_date: dt.date, as_known_at: dt.datetime | None, staged: list[Address]) -> list[Address]:
    """Fold the episodes on the session before, and write priority with every term of its score."""
    return run_step("prioritize", business_date, as_known_at, staged)
