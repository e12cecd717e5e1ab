"""The propose step as a task; the step itself is `evenkeel.run.steps.propose`."""

from __future__ import annotations

import datetime as dt

from prefect import task

from tasks.step import Address, options, run_step


@task(**options("propose"))
def propose(business_date: dt.date, as_known_at: dt.datetime | None, staged: list[Address]) -> list[Address]:
    """Write what to trade for each open alert, with its tax, its checks and the proof."""
    return run_step("propose", business_date, as_known_at, staged)
