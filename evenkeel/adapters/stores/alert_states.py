"""Read the log of alerts: every state that an alert was shown in."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Engine, select

from evenkeel.adapters.stores.database import reading
from evenkeel.adapters.stores.records_schema import alert_log
from evenkeel.ports import AlertState


def states_of(engine: Engine, beginning: str, business_date: dt.date | None = None) -> list[AlertState]:
    """Return the states of the alerts whose id begins so, on a date or all, in the order in which they were written."""
    columns = [alert_log.c[name] for name in ("alert_id", "run_id", "business_date", "is_withdrawn", "digest", "alert")]
    query = select(*columns).where(alert_log.c.alert_id.startswith(beginning, autoescape=True))
    if business_date is not None:
        query = query.where(alert_log.c.business_date == business_date)
    with reading(engine) as connection:
        found = connection.execute(query.order_by(alert_log.c.entry_no)).mappings()
        return [AlertState(**row) for row in found]
