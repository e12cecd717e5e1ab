"""The one commit: a run's manifest, its alerts, messages and events, in a transaction of their own or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, func, select, update

from evenkeel.adapters.stores.database import errors_said, upsert
from evenkeel.adapters.stores.lease import HeldLease
from evenkeel.adapters.stores.outbox_queue import queue_messages
from evenkeel.adapters.stores.records_schema import alert_log, alerts, current_runs, run_datasets, runs
from evenkeel.adapters.stores.trail import write_events
from evenkeel.audit.alert_row import plain_row, row_digest
from evenkeel.audit.event import Event
from evenkeel.ports import Message, RunRecord

WHOLE_BOOK = "daily"
"""The kind of run that looks at everything: an alert of its date that it does not show any more is withdrawn."""


class Commit:
    """A `ports.UnitOfWork`: one transaction, opened on entering.

    Args:
        engine: The records database.
        lease: Must still be held when the transaction commits, where one is given.
    """

    def __init__(self, engine: Engine, lease: HeldLease | None = None) -> None:
        self._engine = engine
        self._lease = lease
        self._connection: Connection | None = None

    def __enter__(self) -> Commit:
        """Open the transaction.

        Raises:
            LeaseHeld: The lease was lost.
            TransientError: The database cannot be reached, or stays locked.
        """
        with errors_said(self._engine):
            self._connection = self._engine.connect()
            try:
                self._connection.begin()
                if self._lease:
                    self._lease.require(self._connection)
            except BaseException:
                self._connection.close()
                raise
        return self

    def __exit__(self, *exc: object) -> None:
        """Commit, or roll back when an exception is on its way."""
        connection = self._open()
        self._connection = None
        with errors_said(self._engine):
            try:
                if exc[0] is None:
                    connection.commit()
                else:
                    connection.rollback()
            finally:
                connection.close()

    def commit_run(
        self,
        run: RunRecord,
        alerts: pl.DataFrame,
        messages: Iterable[Message],
        events: Iterable[Event] = (),
    ) -> None:
        """Write the run's manifest, make it the one that counts for its date, bring its alerts up to date and queue its messages.

        The same run again changes nothing; where another one counts by now (a book changed and changed back, say) it counts again,
        as it was. An alert is brought up to date only by a run of the same or a later date than it shows. A
        message whose id is known is not queued again.

        Args:
            run: The run.
            alerts: Rows of `data_contracts.alerts`.
            messages: What is to be told; none for re-runs and backfills, which never send.
            events: What the trail is told of the run.
        """
        connection = self._open()
        with errors_said(self._engine):
            if _counts(connection, run):
                return
            if not connection.execute(select(runs.c.run_id).where(runs.c.run_id == run.run_id)).first():
                connection.execute(runs.insert(), [_run_row(run)])
                if run.datasets:
                    connection.execute(run_datasets.insert(), _dataset_rows(run))
            upsert(
                connection,
                current_runs,
                [{"business_date": run.business_date, "kind": run.kind, "run_id": run.run_id}],
            )
            _write_alerts(connection, run, alerts)
            queue_messages(connection, [replace(each, run_id=run.run_id) for each in messages], run.finished_at)
            write_events(connection, events)

    def _open(self) -> Connection:
        if self._connection is None:
            raise RuntimeError("a unit of work is used inside its with statement")
        return self._connection


def _counts(connection: Connection, run: RunRecord) -> bool:
    """Tell whether the run is the one that counts for its date."""
    query = select(current_runs.c.run_id).where(
        current_runs.c.business_date == run.business_date, current_runs.c.kind == run.kind
    )
    return connection.execute(query).scalar() == run.run_id


def _run_row(run: RunRecord) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "business_date": run.business_date,
        "kind": run.kind,
        "status": run.status,
        "book_digest": run.book_digest,
        "policy_version": run.policy_version,
        "code_version": run.code_version,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "summary": dict(run.summary),
    }


def _dataset_rows(run: RunRecord) -> list[dict[str, Any]]:
    return [
        {
            "run_id": run.run_id,
            "position": position,
            "dataset": stored.dataset,
            "business_date": stored.business_date,
            "version": stored.version,
            "row_count": stored.row_count,
            "digest": stored.digest,
            "files": list(stored.files),
        }
        for position, stored in enumerate(run.datasets)
    ]


def _write_alerts(connection: Connection, run: RunRecord, frame: pl.DataFrame) -> None:
    rows = [_alert_row(run, row) for row in frame.sort("alert_id").iter_rows(named=True)]
    upsert(connection, alerts, rows, newer="business_date")
    if run.kind == WHOLE_BOOK:
        rows += _withdraw(connection, run, {row["alert_id"] for row in rows})
    newest = select(func.max(alert_log.c.entry_no)).where(alert_log.c.business_date == run.business_date)
    last = select(alert_log.c.alert_id, alert_log.c.digest, alert_log.c.is_withdrawn).where(
        alert_log.c.entry_no.in_(newest.group_by(alert_log.c.alert_id))
    )
    known = {found.alert_id: (found.digest, found.is_withdrawn) for found in connection.execute(last)}
    columns = [column.name for column in alert_log.columns if column.name != "entry_no"]
    entries = [
        {name: row[name] for name in columns}
        for row in rows
        if known.get(row["alert_id"]) != (row["digest"], row["is_withdrawn"])
    ]
    if entries:
        connection.execute(alert_log.insert(), entries)


def _withdraw(connection: Connection, run: RunRecord, shown: set[str]) -> list[dict[str, Any]]:
    """Withdraw what an earlier run of the date opened and this one, on better data, does not find."""
    standing = select(alerts).where(
        alerts.c.business_date == run.business_date, alerts.c.kind == run.kind, alerts.c.is_withdrawn.is_(False)
    )
    gone = [dict(row) for row in connection.execute(standing).mappings() if row["alert_id"] not in shown]
    for row in gone:
        row.update(is_withdrawn=True, run_id=run.run_id)
        connection.execute(
            update(alerts).where(alerts.c.alert_id == row["alert_id"]).values(is_withdrawn=True, run_id=run.run_id)
        )
    return gone


def _alert_row(run: RunRecord, row: Mapping[str, Any]) -> dict[str, Any]:
    text = plain_row(row)
    return {
        "alert_id": row["alert_id"],
        "run_id": run.run_id,
        "kind": run.kind,
        "business_date": row["business_date"],
        "adviser_id": row["adviser_id"],
        "household_id": row["household_id"],
        "portfolio_id": row["portfolio_id"],
        "status": row["status"],
        "is_withdrawn": False,
        "score": row["score"],
        "value_cents": int(row["value_usd"] * 100),
        "due_at": row["due_at"],
        "digest": row_digest(text),
        "alert": text,
    }
