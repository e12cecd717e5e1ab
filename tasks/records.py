"""The records step as a task: the one commit of a date. The step itself is `evenkeel.run.steps.records`."""

from __future__ import annotations

import datetime as dt

from prefect import task

from evenkeel.run.driver import IN_PROCESS
from evenkeel.run.steps import Day
from evenkeel.wiring import open_house
from tasks.step import Address, options, stored_at


@task(**options("records"))
def commit(business_date: dt.date, as_known_at: dt.datetime | None, staged: list[Address]) -> str:
    """Write the date's manifest and alerts in one transaction; return the run's id."""
    found = {address["dataset"]: stored_at(address) for address in staged}
    return IN_PROCESS.records(open_house(), Day(business_date, as_known_at), found).run_id
