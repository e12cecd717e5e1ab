"""Run the steps for one date, for a range, or again from the fold on; commit each date once.

A date's run is one commit: datasets are written first, unseen, and the manifest names them in the transaction that also writes the
alerts. A run killed anywhere before that leaves nothing a reader could find, and the next one begins anew.
"""

from __future__ import annotations

import datetime as dt
import os
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass

from evenkeel import calendar
from evenkeel.errors import UsageError
from evenkeel.policy.model import Policy
from evenkeel.ports import Lease, RunRecord, StoredDataset
from evenkeel.run import steps
from evenkeel.run.fetch import fetch
from evenkeel.run.house import House, deadline_of, house_policy, require_session
from evenkeel.run.steps import Day, Staged

Progress = Callable[[dt.date, str], None]
"""Called before each step with the date and the step's name."""

MEASURE: tuple[tuple[str, Callable[[House, Day, Staged], Sequence[StoredDataset]]], ...] = (
    ("ingest", steps.ingest),
    ("reconcile", steps.reconcile),
    ("drift", steps.drift),
    ("threshold", steps.threshold),
)
"""Steps that look at one date alone: several dates may run at once."""

FOLD: tuple[tuple[str, Callable[[House, Day, Staged], Sequence[StoredDataset]]], ...] = (
    ("prioritize", steps.prioritize),
    ("alerts", steps.alerts),
)
"""Steps that build on the session before: oldest date first."""

BACKFILL_WORKERS = 2


@dataclass(frozen=True)
class Outcome:
    """What a run did: the dates it committed, in order, and whether a check stopped something on the last of them."""

    runs: Sequence[RunRecord]

    def of(self, business_date: dt.date) -> RunRecord:
        """Return the last run of a date."""
        return [run for run in self.runs if run.business_date == business_date][-1]

    @property
    def was_stopped(self) -> bool:
        """Tell whether a check stopped something on any date."""
        return any(run.status == "stopped" for run in self.runs)


def _silent(business_date: dt.date, step: str) -> None:
    """Report nothing."""


def run_date(
    house: House,
    business_date: dt.date,
    *,
    as_known_at: dt.datetime | None = None,
    progress: Progress = _silent,
) -> Outcome:
    """Run one date: everything that has arrived by now, then its steps, then the fold of the dates after it.

    Earlier committed dates for which a file has arrived since are run again first, so that a corrected or late file is picked up
    whenever it comes.

    Args:
        house: The home.
        business_date: The session.
        as_known_at: Judge by the book as it was known at this instant; None: as known now.
        progress: Told of each step.

    Raises:
        UsageError: The date is no session, or has not closed.
        BookError: The book is not valid.
        LeaseHeld: Another run works on the date.
    """
    require_session(business_date)
    if business_date > house.last_closed_session():
        raise UsageError(f"{business_date} has not closed yet; the last closed session is {house.last_closed_session()}")
    progress(business_date, "fetch")
    fetched = fetch(house, business_date, house.book(business_date, as_known_at))
    late = {date for date in fetched.dates if date < business_date} & set(house.records.committed_dates())
    runs = [
        _run_one(house, Day(date, as_known_at), progress) if date in late else refold(house, Day(date, as_known_at), progress)
        for date in house.records.committed_dates()
        if late and min(late) <= date < business_date
    ]
    runs.append(_run_one(house, Day(business_date, as_known_at), progress))
    runs += [
        refold(house, Day(date, as_known_at), progress) for date in house.records.committed_dates() if date > business_date
    ]
    return Outcome(runs)


def backfill(
    house: House,
    first: dt.date,
    last: dt.date,
    *,
    as_known: str = "now",
    progress: Progress = _silent,
) -> Outcome:
    """Run every session from `first` to `last`, several at once up to the fold, the fold oldest first. Nothing is sent.

    Args:
        house: The home.
        first: First date (the session on or after it).
        last: Last date (the session on or before it).
        as_known: `now`, or `then`: judge each date by the book as it was known at that date's deadline.
        progress: Told of each step.

    Raises:
        UsageError: There is no closed session in the range.
    """
    closed = min(last, house.last_closed_session())
    dates = calendar.sessions_between(first, closed) if first <= closed else []
    if not dates:
        raise UsageError(f"there is no closed session from {first} to {last}")
    days = [Day(date, _known_at(house, date, as_known)) for date in dates]
    progress(dates[0], "fetch")
    for day in days:
        fetch(house, day.business_date, house.book(day.business_date, day.as_known_at))
    runs = []
    with ExitStack() as leases:
        held = {day: leases.enter_context(_lease(house, day.business_date)) for day in days}
        with ThreadPoolExecutor(BACKFILL_WORKERS) as pool:
            measured = list(pool.map(lambda day: _measure(house, day, held[day], progress), days))
        for day, staged in zip(days, measured, strict=True):
            runs.append(_fold_and_commit(house, day, staged, held[day], progress))
    later = [date for date in house.records.committed_dates() if date > dates[-1]]
    runs += [refold(house, Day(date, None), progress) for date in later]
    return Outcome(runs)


def refold(house: House, day: Day, progress: Progress = _silent) -> RunRecord:
    """Fold a committed date again on the session before it, from its stored breaches; nothing is read anew, nothing is sent."""
    with _lease(house, day.business_date) as lease:
        manifest = house.records.manifest(day.business_date)
        if manifest is None:
            raise UsageError(f"{day.business_date} has no run yet; run it first")
        kept = {stored.dataset: stored for stored in manifest.datasets if stored.dataset not in steps.FOLDED}
        return _fold_and_commit(house, day, kept, lease, progress)


def _run_one(house: House, day: Day, progress: Progress) -> RunRecord:
    with _lease(house, day.business_date) as lease:
        staged = _measure(house, day, lease, progress)
        return _fold_and_commit(house, day, staged, lease, progress)


def _measure(house: House, day: Day, lease: Lease, progress: Progress) -> Staged:
    staged: dict[str, StoredDataset] = {}
    for name, step in MEASURE:
        progress(day.business_date, name)
        staged |= {stored.dataset: stored for stored in step(house, day, staged)}
        lease.renew()
    return staged


def _fold_and_commit(house: House, day: Day, staged: Staged, lease: Lease, progress: Progress) -> RunRecord:
    folded: dict[str, StoredDataset] = dict(staged)
    for name, step in FOLD:
        progress(day.business_date, name)
        folded |= {stored.dataset: stored for stored in step(house, day, folded)}
        lease.renew()
    progress(day.business_date, "records")
    return steps.records(house, day, folded)


def _lease(house: House, business_date: dt.date) -> AbstractContextManager[Lease]:
    return house.records.lease(f"date:{business_date}", f"{socket.gethostname()}:{os.getpid()}", house.lease_seconds)


def _known_at(house: House, date: dt.date, as_known: str) -> dt.datetime | None:
    if as_known == "now":
        return None
    if as_known == "then":
        policy: Policy = house_policy(house.book(date))
        return deadline_of(date, policy)
    raise UsageError(f"as_known is now or then, not {as_known!r}")
