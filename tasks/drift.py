"""The drift step as a task; the step itself is `evenkeel.run.steps.drift`."""

from __future__ import annotations

import datetime as dt

from prefect import task

from tasks.step import Address, options, run_step


@task(**options("drift"))
def drift(business_date: dt.date, as_known_at: dt.datetime | None, staged: list[Address]) -> list[Address]:
    """Write each portfolio's and household's weights, targets and drift."""
    return run_step("drift", business_date, as_known_at, staged)
