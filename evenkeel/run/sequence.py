"""Run the steps for one date, for a range, or again from the fold on; commit each date once.

A date's run is one commit: datasets are written first, unseen, and the manifest names them in the transaction that also writes the
alerts. A run killed anywhere before that leaves nothing a reader could find, and the next one begins anew.

How a step is called is the driver's (`evenkeel.run.driver`): plainly, or as a task.
"""

from __future__ import annotations

import contextvars
import datetime as dt
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from evenkeel import calendar
from evenkeel.errors import LeaseHeld, UsageError
from evenkeel.policy.model import Policy
from evenkeel.ports import Lease, RunRecord, StoredDataset
from evenkeel.run import steps
from evenkeel.run.driver import IN_PROCESS, Driver
from evenkeel.run.house import House, deadline_of, house_policy, require_session
from evenkeel.run.late import late_dates
from evenkeel.run.steps import Day, Staged

Progress = Callable[[dt.date, str], None]
"""Called before each step with the date and the step's name."""

ALONE = ("ingest",)
"""Steps that look at one date alone: several dates may run at once."""

FOLD = ("reconcile", "drift", "threshold", "prioritize", "propose", "alerts")
"""Steps that build on the session before, or on one that does: oldest date first."""

BACKFILL_WORKERS = 2
LEASE_POLL_SECONDS = 1.0


@dataclass(frozen=True)
class Outcome:
    """What a run did: the dates it committed, in order, and whether a check stopped something on the last of them."""

    runs: Sequence[RunRecord]
    left: tuple[str, ...] = ()
    """A line for each file or location that could not be taken in."""

    def of(self, business_date: dt.date) -> RunRecord:
        """Return the last run of a date."""
        return [run for run in self.runs if run.business_date == business_date][-1]

    @property
    def was_stopped(self) -> bool:
        """Tell whether a check stopped something on any date, or a file could not be taken in."""
        return bool(self.left) or any(run.status == "stopped" for run in self.runs)


def _silent(business_date: dt.date, step: str) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class _Conduct:
    """What all dates of a run share: by which driver, who is told, how long a date that another run holds is waited for."""

    house: House
    driver: Driver
    progress: Progress
    wait_seconds: float


def run_date(
    house: House,
    business_date: dt.date,
    *,
    as_known_at: dt.datetime | None = None,
    progress: Progress = _silent,
    driver: Driver = IN_PROCESS,
    wait_seconds: float = 0.0,
) -> Outcome:
    """Run one date: everything that has arrived by now, then its steps, then the fold of the dates after it.

    Earlier committed dates for which a file has arrived since are run again first, so that a corrected or late file is picked up
    whenever it comes.

    Args:
        house: The home.
        business_date: The session.
        as_known_at: Judge by the book as it was known at this instant; None: as known now.
        progress: Told of each step.
        driver: How steps are called.
        wait_seconds: How long a date that another run works on is waited for.

    Raises:
        UsageError: The date is no session, or has not closed.
        BookError: The book is not valid.
        LeaseHeld: Another run works on the date, and did not end in time.
    """
    require_session(business_date)
    if business_date > house.last_closed_session():
        raise UsageError(
            f"{business_date} has not closed yet; the last closed session is {house.last_closed_session()}"
        )
    conduct = _Conduct(house, driver, progress, wait_seconds)
    today = Day(business_date, as_known_at)
    progress(business_date, "fetch")
    fetched = driver.fetch(house, today)
    late = late_dates(house, business_date, fetched.dates, house.book(business_date, as_known_at))
    runs = []
    for date in [*sorted(late), business_date]:
        # What lies between two dates that run anew is folded before the later one builds on it.
        runs += _refold_stale(conduct, until=date)
        runs.append(_run_one(conduct, Day(date, as_known_at)))
    runs += _refold_stale(conduct)
    return Outcome(runs, fetched.left)


def backfill(
    house: House,
    first: dt.date,
    last: dt.date,
    *,
    as_known: str = "now",
    progress: Progress = _silent,
    driver: Driver = IN_PROCESS,
    wait_seconds: float = 0.0,
) -> Outcome:
    """Run every session from `first` to `last`, reading several dates' files at once, then oldest first. Nothing is sent.

    Args:
        house: The home.
        first: First date (the session on or after it).
        last: Last date (the session on or before it).
        as_known: `now`, or `then`: judge each date by the book as it was known at that date's deadline.
        progress: Told of each step.
        driver: How steps are called.
        wait_seconds: How long a date that another run works on is waited for.

    Raises:
        UsageError: There is no closed session in the range.
        BookError: The book is not valid.
        LeaseHeld: Another run works on one of the dates, and did not end in time.
    """
    if first > last:
        raise UsageError(f"{first} is after {last}; give the earlier date first")
    closed = min(last, house.last_closed_session())
    dates = calendar.sessions_between(first, closed) if first <= closed else []
    if not dates:
        raise UsageError(f"there is no closed session from {first} to {last}")
    conduct = _Conduct(house, driver, progress, wait_seconds)
    days = [Day(date, _known_at(house, date, as_known)) for date in dates]
    progress(dates[0], "fetch")
    left: dict[str, None] = {}
    for day in days:
        left |= dict.fromkeys(driver.fetch(house, day).left)
    runs = []
    with ExitStack() as leases:
        held = {day: leases.enter_context(_leased(conduct, day.business_date)) for day in days}
        ingested = _ingest_all(conduct, days, held)
        for day, staged in zip(days, ingested, strict=True):
            runs.append(_fold_and_commit(conduct, day, staged, held[day]))
    runs += _refold_stale(conduct)
    return Outcome(runs, tuple(left))


def refold(house: House, day: Day, progress: Progress = _silent) -> RunRecord:
    """Fold a committed date again on the session before it, from its stored tables; no file is read anew, nothing is sent."""
    return _refold(_Conduct(house, IN_PROCESS, progress, 0.0), day)


def _refold_stale(conduct: _Conduct, until: dt.date | None = None) -> list[RunRecord]:
    """Fold again, oldest first, every committed date (before `until`) that was folded on a run which counts no more.

    That is what follows a date that ran anew, and what a run killed in the middle of such a chain has left.
    """
    runs: list[RunRecord] = []
    before: RunRecord | None = None
    for run in conduct.house.records.manifests():
        if until is not None and run.business_date >= until:
            break
        if run.summary.get("folded_on") != (before.run_id if before else None):
            run = _refold(conduct, Day(run.business_date))
            runs.append(run)
        before = run
    return runs


def _refold(conduct: _Conduct, day: Day) -> RunRecord:
    with _leased(conduct, day.business_date) as lease:
        manifest = conduct.house.records.manifest(day.business_date)
        if manifest is None:
            raise UsageError(f"{day.business_date} has no run yet; run it first")
        kept = {stored.dataset: stored for stored in manifest.datasets if stored.dataset not in steps.FOLDED}
        return _fold_and_commit(conduct, day, kept, lease)


def _run_one(conduct: _Conduct, day: Day) -> RunRecord:
    with _leased(conduct, day.business_date) as lease:
        staged = _ingest(conduct, day, lease)
        return _fold_and_commit(conduct, day, staged, lease)


def _ingest_all(conduct: _Conduct, days: Sequence[Day], held: dict[Day, Lease]) -> list[Staged]:
    with ThreadPoolExecutor(BACKFILL_WORKERS) as pool:
        # What the caller set for its own thread (a driver's flow, say) holds in these threads too.
        ingesting = [pool.submit(contextvars.copy_context().run, _ingest, conduct, day, held[day]) for day in days]
        return [future.result() for future in ingesting]


def _ingest(conduct: _Conduct, day: Day, lease: Lease) -> Staged:
    return _steps(conduct, ALONE, day, {}, lease)


def _fold_and_commit(conduct: _Conduct, day: Day, staged: Staged, lease: Lease) -> RunRecord:
    folded = _steps(conduct, FOLD, day, staged, lease)
    conduct.progress(day.business_date, "records")
    return conduct.driver.records(conduct.house, day, folded)


def _steps(conduct: _Conduct, names: Sequence[str], day: Day, staged: Staged, lease: Lease) -> Staged:
    written: dict[str, StoredDataset] = dict(staged)
    for name in names:
        conduct.progress(day.business_date, name)
        written |= {stored.dataset: stored for stored in conduct.driver.step(conduct.house, name, day, written)}
        lease.renew()
    return written


@contextmanager
def _leased(conduct: _Conduct, business_date: dt.date) -> Iterator[Lease]:
    records, name = conduct.house.records, f"date:{business_date}"
    holder = f"{socket.gethostname()}:{os.getpid()}"
    give_up = time.monotonic() + conduct.wait_seconds
    with ExitStack() as stack:
        while True:
            try:
                lease = stack.enter_context(records.lease(name, holder, conduct.house.lease_seconds))
                break
            except LeaseHeld:
                left = give_up - time.monotonic()
                if left <= 0:
                    raise
                time.sleep(min(LEASE_POLL_SECONDS, left))
        yield lease


def _known_at(house: House, date: dt.date, as_known: str) -> dt.datetime | None:
    if as_known == "now":
        return None
    if as_known == "then":
        policy: Policy = house_policy(house.book(date))
        return deadline_of(date, policy)
    raise UsageError(f"as_known is now or then, not {as_known!r}")
