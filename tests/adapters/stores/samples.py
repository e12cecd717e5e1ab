"""What the stores' tests share: runs, alerts, and processes that start quickly."""

import datetime as dt
import json
import multiprocessing
from decimal import Decimal
from multiprocessing.context import ForkServerContext
from typing import Any

import polars as pl

from data_contracts.alerts import Alerts
from data_contracts.vocab import EventKind
from evenkeel.audit.event import Event, id_of
from evenkeel.ports import RunRecord, StoredDataset

MONDAY = dt.date(2026, 7, 27)
TUESDAY = dt.date(2026, 7, 28)
NOON = dt.datetime(2026, 7, 28, 12, 0, 0, 123456, tzinfo=dt.UTC)


def run(run_id: str, date: dt.date = MONDAY, kind: str = "daily", at: dt.datetime = NOON, **changes: Any) -> RunRecord:
    """A run with two datasets."""
    datasets = (
        StoredDataset(
            "positions", date, 3, 2, "d" * 64, (f"business_date={date}/a.parquet", f"business_date={date}/b.parquet")
        ),
        StoredDataset("rejects", date, 0, 0, "e" * 64, ()),
    )
    values: dict[str, Any] = {
        "run_id": run_id,
        "business_date": date,
        "kind": kind,
        "status": "done",
        "book_digest": "b" * 64,
        "policy_version": "house@3",
        "code_version": "0.1.0",
        "started_at": at,
        "finished_at": at + dt.timedelta(seconds=7),
        "summary": {"alert_count": 1, "ö": ["x", None, 0.5]},
        "datasets": datasets,
    }
    return RunRecord(**values | changes)


def alert(alert_id: str, date: dt.date = MONDAY, **changes: Any) -> dict[str, Any]:
    """One row of the alerts dataset."""
    row: dict[str, Any] = dict.fromkeys(Alerts.polars_schema().names())
    row |= {
        "business_date": date,
        "alert_id": alert_id,
        "adviser_id": "ADV1",
        "household_id": "H1",
        "household_name": "Müller",
        "portfolio_id": "P1",
        "account_ids_json": json.dumps(["A1"]),
        "rule": "class_band",
        "status": "open",
        "reason": "US equity 70 %, band 55 to 65 %",
        "classes_json": "[]",
        "value_usd": Decimal("1234567.89"),
        "severity_frac": 0.05,
        "score": 61.25,
        "terms_json": "{}",
        "opened_date": MONDAY,
        "age_sessions": 0,
        "due_at": NOON,
        "is_overdue": False,
    }
    return row | changes


def alerts(*rows: dict[str, Any]) -> pl.DataFrame:
    """Rows as the dataset."""
    return pl.DataFrame(list(rows), schema=Alerts.polars_schema())


def event(identity: str, subject: str = "A1", at: dt.datetime = NOON, **payload: Any) -> Event:
    """One event of a person's."""
    return Event(
        event_id=id_of(EventKind.DECISION_TAKEN, identity),
        kind=EventKind.DECISION_TAKEN,
        business_date=MONDAY,
        subject=subject,
        run_id=None,
        actor="Zoë",
        role="adviser",
        occurred_at=at,
        payload={"identity": identity, "share_frac": 0.05, "ö": ["x", None, True, 7]} | payload,
    )


def processes() -> ForkServerContext:
    """Processes that begin with the stores imported, by a server that has imported them once and done nothing else."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["evenkeel.adapters.stores.records_db", "evenkeel.adapters.stores.delta_store", "alembic.command"]
    )
    return context
