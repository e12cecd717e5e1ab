"""How a step is called: at once in this process, or as a task of an orchestrator. What runs when is `sequence`'s.

Two drivers over one sequence keep `evenkeel run` and the flows alike: neither knows an order of steps of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from evenkeel.ports import RunRecord, StoredDataset
from evenkeel.run import steps
from evenkeel.run.fetch import Fetched, fetch
from evenkeel.run.house import House
from evenkeel.run.steps import Day, Staged

STEPS: dict[str, Callable[[House, Day, Staged], Sequence[StoredDataset]]] = {
    "ingest": steps.ingest,
    "reconcile": steps.reconcile,
    "drift": steps.drift,
    "threshold": steps.threshold,
    "prioritize": steps.prioritize,
    "propose": steps.propose,
    "alerts": steps.alerts,
}
"""The steps that write datasets, by name; `records`, the eighth, commits them."""


class Driver(Protocol):
    """Calls steps. Several dates may be under way in several threads, so a driver keeps no state of a date."""

    def fetch(self, house: House, day: Day) -> Fetched:
        """Take in what has arrived, and say which sessions it counts for."""
        ...

    def step(self, house: House, name: str, day: Day, staged: Staged) -> Sequence[StoredDataset]:
        """Run the step of that name and return where its datasets are."""
        ...

    def records(self, house: House, day: Day, staged: Staged) -> RunRecord:
        """Commit the date and return its run."""
        ...


class InProcess:
    """Plain calls."""

    def fetch(self, house: House, day: Day) -> Fetched:
        """Take in what has arrived."""
        return fetch(house, day.business_date, house.book(day.business_date, day.as_known_at))

    def step(self, house: House, name: str, day: Day, staged: Staged) -> Sequence[StoredDataset]:
        """Run the step."""
        return STEPS[name](house, day, staged)

    def records(self, house: House, day: Day, staged: Staged) -> RunRecord:
        """Commit the date."""
        return steps.records(house, day, staged)


IN_PROCESS = InProcess()
