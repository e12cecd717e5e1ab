"""Rebuild alerts from what their run's record names, and hold them against what was shown, byte for byte."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from data_contracts.alerts import Alerts
from data_contracts.book.accounts import Accounts
from data_contracts.book.advisers import Advisers
from data_contracts.book.portfolios import Portfolios
from data_contracts.book.securities import Securities
from data_contracts.proposals import Proposals
from data_contracts.trades import Trades
from evenkeel.audit.alert_row import plain_row, row_digest
from evenkeel.audit.canonical import canonical
from evenkeel.audit.comparing import Difference, differences
from evenkeel.desk.directory import Directory
from evenkeel.desk.proposals import proposals_by_id
from evenkeel.desk.reading import run_of
from evenkeel.desk.task_list import Task, task_list
from evenkeel.errors import RecordDamaged, UsageError
from evenkeel.ports import AlertState, RunRecord
from evenkeel.run.house import House
from evenkeel.run.recompute import recompute, recorded
from evenkeel.run.reread import Reread, reread
from evenkeel.run.versions import MADE_WITH, differing, made_with


@dataclass(frozen=True)
class ReplayedAlert:
    """One alert in its documented shape (docs/alerts-json.md) as canonical JSON: as it was shown, and as it comes out now.

    `was` or `now` is None where there is no such alert.
    """

    alert_id: str
    was: bytes | None
    now: bytes | None
    differences: tuple[Difference, ...]

    @property
    def is_equal(self) -> bool:
        """Tell whether both are the same bytes."""
        return self.was == self.now

    @property
    def digest(self) -> str | None:
        """Return the SHA-256 of what was shown."""
        return None if self.was is None else hashlib.sha256(self.was).hexdigest()


@dataclass(frozen=True)
class Replay:
    """What came of computing a run again.

    `versions`: a line for each version that differs from the run's. `datasets`: those that come out otherwise, the first one first.
    `files`: the run's files read again; None where nobody asked for that.
    """

    run: RunRecord
    alerts: Sequence[ReplayedAlert]
    versions: Sequence[str]
    datasets: Sequence[str]
    notes: Sequence[str]
    files: Reread | None = None

    @property
    def is_equal(self) -> bool:
        """Tell whether every alert asked for is what it was, and the tables too where the files were read again."""
        return all(alert.is_equal for alert in self.alerts) and not (self.files and self.files.differing)


def replay(
    house: House,
    alert_id: str | None,
    business_date: dt.date | None = None,
    run_id: str | None = None,
    *,
    from_files: bool = False,
) -> Replay:
    """Rebuild an alert, or all alerts of a run, in memory; nothing is written.

    Args:
        house: The home.
        alert_id: The alert, by its id or a beginning that no other has; None: all of the run.
        business_date: A date that showed it; None: the newest.
        run_id: A run of the date, whether it counts or not; None: the one that counts, else the last that showed the alert.
        from_files: Read the custodians' files again too, from the archive, and hold the day's tables against them.

    Raises:
        UsageError: There is no such alert, date or run.
        RecordDamaged: What the record names is gone or not what it was.
    """
    states: Sequence[AlertState] = ()
    if alert_id is not None:
        states = house.records.alert_states(alert_id.strip())
        alert_id = _only_one(alert_id, states)
    run, notes = _run(house, alert_id, states, business_date, run_id)
    if alert_id is None:
        states = house.records.alert_states("", run.business_date)
    shown = recorded(house, run, Alerts)
    wanted = shown if alert_id is None else shown.filter(pl.col("alert_id") == alert_id)
    for row in wanted.iter_rows(named=True):
        _require_logged(row, run, states)
    proposals, trades = recorded(house, run, Proposals), recorded(house, run, Trades)
    was = _tasks(wanted, proposals, trades, _directory_then(house, run))
    made = recompute(house, run)
    raised = made.frames[Alerts] if alert_id is None else made.frames[Alerts].filter(pl.col("alert_id") == alert_id)
    book = made.book
    directory = Directory.of(book.advisers, book.portfolios, book.accounts, house.records.decisions(), book.securities)
    now = _tasks(raised, made.frames[Proposals], made.frames[Trades], directory)
    if MADE_WITH not in run.summary:
        notes.append(
            "the run's record does not say with which libraries it was made, only evenkeel " + run.code_version
        )
    versions = differing({"evenkeel": run.code_version, **run.summary.get(MADE_WITH, {})}, _versions_now(house, run))
    alerts = [_held(each, was.get(each), now.get(each)) for each in sorted({*was, *now})]
    files = reread(house, run, book) if from_files else None
    return Replay(run, alerts, versions, made.differing, (*notes, *made.notes), files)


def _versions_now(house: House, run: RunRecord) -> Mapping[str, str]:
    now = {**made_with(), "evenkeel": house.code_version}
    return now if MADE_WITH in run.summary else {"evenkeel": now["evenkeel"]}


def _only_one(beginning: str, states: Sequence[AlertState]) -> str:
    ids = sorted({state.alert_id for state in states}) if beginning.strip() else []
    if not ids:
        raise UsageError(f"no alert {beginning!r} was ever shown; `evenkeel alerts --date D` lists those of a date")
    if len(ids) > 1:
        raise UsageError(f"{beginning.strip()!r} is the beginning of {len(ids)} alerts; give more of the id")
    return ids[0]


def _run(
    house: House,
    alert_id: str | None,
    states: Sequence[AlertState],
    business_date: dt.date | None,
    run_id: str | None,
) -> tuple[RunRecord, list[str]]:
    """Return the run to compute again, and what is to be said of the choice."""
    if run_id is not None:
        named = house.records.run(run_id)
        if named is None or named.kind != "daily" or business_date not in (None, named.business_date):
            raise UsageError(f"there is no daily run {run_id}" + (f" of {business_date}" if business_date else ""))
        _require_shown(alert_id, states, named.business_date)
        return named, []
    if alert_id is None:
        return run_of(house, business_date), []
    date = business_date or states[-1].business_date
    _require_shown(alert_id, states, date)
    current = run_of(house, date)
    if recorded(house, current, Alerts).filter(pl.col("alert_id") == alert_id).height:
        return current, []
    showing = [state for state in states if state.business_date == date and not state.is_withdrawn]
    last = house.records.run(showing[-1].run_id) if showing else None
    if last is None:
        raise UsageError(f"no run of {date} that the records have shows alert {alert_id}")
    return last, [f"the run that counts for {date} does not show it any more; this is the last one that did"]


def _require_shown(alert_id: str | None, states: Sequence[AlertState], date: dt.date) -> None:
    dates = sorted({state.business_date for state in states})
    if alert_id is not None and date not in dates:
        raise UsageError(f"alert {alert_id} was not shown on {date}; it was from {dates[0]} to {dates[-1]}")


def _require_logged(row: Mapping[str, Any], run: RunRecord, states: Sequence[AlertState]) -> None:
    """Refuse to go on where the log of alerts, which is only added to, does not have what the run's dataset says was shown."""
    logged = [
        state
        for state in states
        if state.alert_id == row["alert_id"] and state.business_date == run.business_date and not state.is_withdrawn
    ]
    for state in logged:
        found = row_digest(state.alert)
        if found != state.digest:
            raise RecordDamaged(
                f"records: the log of alerts does not hold what was written of {state.alert_id} on {state.business_date} by run "
                f"{state.run_id}: SHA-256 expected {state.digest}, found {found}; restore the records from their backup"
            )
    # A column that alerts have gained since was not in the log's row.
    found_in_lake = [row_digest(plain_row({name: row.get(name) for name in state.alert})) for state in logged]
    if not any(found == state.digest for found, state in zip(found_in_lake, logged, strict=True)):
        raise RecordDamaged(
            f"records: the log of alerts has no state of {row['alert_id']} on {run.business_date} as run {run.run_id} wrote it: SHA-256 "
            f"expected {row_digest(plain_row(row))}, found {', '.join(state.digest for state in logged) or 'none'}; restore the records "
            "from their backup"
        )


def _directory_then(house: House, run: RunRecord) -> Directory:
    advisers, portfolios, accounts, securities = (
        recorded(house, run, table) for table in (Advisers, Portfolios, Accounts, Securities)
    )
    return Directory.of(advisers, portfolios, accounts, house.records.decisions(), securities)


def _tasks(
    alerts: pl.DataFrame, proposals: pl.DataFrame, trades: pl.DataFrame, directory: Directory
) -> dict[str, Task]:
    named = alerts.select("proposal_id").drop_nulls().unique()
    of_alerts = [each.join(named, on="proposal_id", how="semi") for each in (proposals, trades)]
    by_id = proposals_by_id(of_alerts[0], of_alerts[1], directory)
    return {task["id"]: task for task in task_list(alerts, directory, by_id)}


def _held(alert_id: str, was: Task | None, now: Task | None) -> ReplayedAlert:
    before, after = (None if task is None else canonical(task) for task in (was, now))
    return ReplayedAlert(alert_id, before, after, () if before == after else tuple(differences(was, now)))
