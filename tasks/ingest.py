"""Bringing files in, and the ingest step, as tasks; what they do is `evenkeel.run.fetch` and `evenkeel.run.steps.ingest`."""

from __future__ import annotations

import datetime as dt
from typing import TypedDict

from prefect import task

from evenkeel.run.driver import IN_PROCESS
from evenkeel.run.steps import Day
from evenkeel.wiring import open_house
from tasks.step import Address, options, run_step


class FetchedFiles(TypedDict):
    """A `Fetched` as plain values."""

    new_count: int
    dates: list[dt.date]
    left: list[str]


@task(**options("fetch"))
def fetch_files(business_date: dt.date, as_known_at: dt.datetime | None) -> FetchedFiles:
    """Archive every file that has arrived; return how many were new, the sessions they count for, and what could not be taken in."""
    fetched = IN_PROCESS.fetch(open_house(), Day(business_date, as_known_at))
    return FetchedFiles(new_count=fetched.new_count, dates=sorted(fetched.dates), left=list(fetched.left))


@task(**options("ingest"))
def ingest(business_date: dt.date, as_known_at: dt.datetime | None, staged: list[Address]) -> list[Address]:
    """Read the date's files into the canonical tables, and write the book as it holds on the date."""
    return run_step("ingest", business_date, as_known_at, staged)
