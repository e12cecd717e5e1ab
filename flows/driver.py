"""The driver that calls every step as a Prefect task; the other one is `evenkeel.run.driver.InProcess`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from prefect import Task

from evenkeel.errors import EvenkeelError
from evenkeel.ports import RunRecord, StoredDataset
from evenkeel.run.fetch import Fetched
from evenkeel.run.house import House
from evenkeel.run.steps import Day, Staged
from tasks.alerts import alerts
from tasks.drift import drift
from tasks.ingest import fetch_files, ingest
from tasks.prioritize import prioritize
from tasks.propose import propose
from tasks.reconcile import reconcile
from tasks.records import commit
from tasks.step import Address, address_of, stored_at
from tasks.threshold import threshold

StepTask = Task[[dt.date, dt.datetime | None, list[Address]], list[Address]]

TASKS: dict[str, StepTask] = {
    "ingest": ingest,
    "reconcile": reconcile,
    "drift": drift,
    "threshold": threshold,
    "prioritize": prioritize,
    "propose": propose,
    "alerts": alerts,
}


class AsTasks:
    """Submits each step to the flow's task runner and waits for it.

    The task may run in another process: it gets the date and addresses, and opens the home by its own settings.
    """

    def fetch(self, house: House, day: Day) -> Fetched:
        """Take in what has arrived."""
        fetched = fetch_files.submit(day.business_date, day.as_known_at).result()
        return Fetched(fetched["new_count"], frozenset(fetched["dates"]), tuple(fetched["left"]))

    def step(self, house: House, name: str, day: Day, staged: Staged) -> Sequence[StoredDataset]:
        """Run the step."""
        written = TASKS[name].submit(day.business_date, day.as_known_at, _addresses(staged)).result()
        return [stored_at(address) for address in written]

    def records(self, house: House, day: Day, staged: Staged) -> RunRecord:
        """Commit the date."""
        run_id = commit.submit(day.business_date, day.as_known_at, _addresses(staged)).result()
        run = house.records.manifest(day.business_date)
        if run is None or run.run_id != run_id:
            raise EvenkeelError(
                f"{day.business_date}: run {run_id} was committed, but not to this flow's home; give flow and tasks the same "
                "EVENKEEL_HOME and EVENKEEL_DATABASE_URL"
            )
        return run


def _addresses(staged: Staged) -> list[Address]:
    return [address_of(stored) for stored in staged.values()]
