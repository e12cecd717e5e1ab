"""The backfill flow: a range of sessions again, or for the first time."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from prefect import flow
from prefect.client.schemas.objects import State

from evenkeel.run import sequence
from evenkeel.wiring import open_house
from flows.daily import WAIT_SECONDS
from flows.driver import AsTasks
from flows.ending import finished
from flows.runner import task_runner


@flow(name="backfill", flow_run_name="backfill-{first}-{last}", persist_result=False, task_runner=task_runner())
def backfill(first: dt.date, last: dt.date, as_known: Literal["now", "then"] = "now") -> State[dict[str, Any]]:
    """Run every session of a range: several at once up to their breaches, then the episodes oldest first. Nothing is ever sent.

    Later dates that have a run are folded again on the new ones. A range run twice ends in the same state.

    Args:
        first: The first session, or a day before it.
        last: The last session, or a day after it; what has not closed yet is left out.
        as_known: now: judge each date by the book as corrected since. then: as it was known at that date's deadline.

    Raises:
        UsageError: There is no closed session in the range.
        BookError: The book is not valid.
        LeaseHeld: Another run worked on one of the dates for longer than five minutes.
    """
    house = open_house()
    outcome = sequence.backfill(house, first, last, as_known=as_known, driver=AsTasks(), wait_seconds=WAIT_SECONDS)
    asked = [run.business_date for run in outcome.runs if first <= run.business_date <= last]
    return finished(house, outcome, max(asked))
