"""Small sandboxes for the tests of flows."""

from __future__ import annotations

import datetime as dt
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from evenkeel.ports import RunRecord
from evenkeel.run.house import House
from evenkeel.sandbox.generate import generate
from evenkeel.sandbox.plan import SandboxPlan
from evenkeel.wiring import open_house, read_settings
from flows.local_server import environment

HOUSEHOLDS, DAYS, SEED = 12, 3, 7
AFTER = dt.datetime(2026, 3, 10, 12, 0, tzinfo=dt.UTC)
"""An instant at which every session of the sandbox is past its deadline."""


@dataclass(frozen=True)
class Practice:
    """A sandbox home."""

    home: Path
    plan: SandboxPlan

    def at(self, instant: dt.datetime = AFTER) -> AbstractContextManager[None]:
        """Return a context in which this process works on the home at an instant."""
        return environment(
            {
                "EVENKEEL_HOME": str(self.home),
                "EVENKEEL_CLOCK": instant.isoformat(),
                "EVENKEEL_SETTLE_SECONDS": "0",
                # Two homes have equal digests only with the same key.
                "EVENKEEL_ACCOUNT_KEY": "5e" * 32,
            }
        )

    def house(self) -> House:
        """Return the house of the environment's settings."""
        return open_house(read_settings())

    def manifest(self, business_date: dt.date) -> RunRecord:
        """Return the run of a date, which must have one."""
        run = self.house().records.manifest(business_date)
        assert run is not None, f"{business_date} has no run"
        return run

    def digests(self) -> dict[tuple[dt.date, str], str]:
        """Return every dataset's digest by date and name."""
        return {
            (date, stored.dataset): stored.digest
            for date in self.house().records.committed_dates()
            for stored in self.manifest(date).datasets
        }


def make_practice(home: Path, *, is_delivered: bool = True) -> Practice:
    """Write a sandbox; the same one every time."""
    plan = generate(home, HOUSEHOLDS, DAYS, SEED)
    if is_delivered:
        plan.deliver_all(home)
    return Practice(home, plan)
