"""The alerts step as a task; the step itself is `evenkeel.run.steps.alerts`."""

from __future__ import annotations

import datetime as dt

from prefect import task

from tasks.step import Address, options, run_step


@task(**options("alerts"))
def alerts(business_date: dt.date, as_known_at: dt.datetime | None, staged: list[Address]) -> list[Address]:
    """Write the date's alerts and notices; nothing is sent."""
    return run_step("alerts", business_date, as_known_at, staged)
