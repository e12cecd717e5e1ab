"""The daily flow: the files of one session to alerts on advisers' desks."""

from __future__ import annotations

import datetime as dt
from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Completed

from evenkeel.run.house import House
from evenkeel.run.late import reason_to_run
from evenkeel.run.sequence import run_date
from evenkeel.wiring import open_house
from flows.driver import AsTasks
from flows.ending import finished
from flows.runner import task_runner
from flows.when import named_by_date, occasion

WAIT_SECONDS = 300.0
"""How long a date that another run works on is waited for: that run's steps take seconds to a few minutes."""


@flow(name="daily", flow_run_name=named_by_date, persist_result=False, task_runner=task_runner())
def daily(
    business_date: dt.date | None = None, as_known_at: dt.datetime | None = None, force: bool = False
) -> State[dict[str, Any]]:
    """Turn the custodian files of one session into alerts on advisers' desks.

    Without a date this is a scheduled look: it does nothing on a day that is no exchange session, and nothing where nothing has
    come or changed since the date's last run. With a date it runs. A date run twice ends in the same state.

    Args:
        business_date: Exchange session to run. Empty: the last one that had closed at the scheduled time.
        as_known_at: Judge by the book (policies, models, IPS) as it had been recorded by this instant. Empty: as known now.
        force: Run without a date even if nothing has come or changed since the last run.

    Raises:
        UsageError: The date is no exchange session, or has not closed yet.
        BookError: The book is not valid.
        LeaseHeld: Another run worked on the date for longer than five minutes.
    """
    house = open_house()
    date = business_date
    if date is None:
        now = occasion()
        date = now.business_date
        if not force and (
            idle := _nothing_to_do(house, date, now.is_on_session, f"{now.eastern:%A %Y-%m-%d}", as_known_at)
        ):
            get_run_logger().info(idle)
            return Completed(message=idle, data={"business_date": date.isoformat(), "run_id": None, "status": "idle"})
    outcome = run_date(house, date, as_known_at=as_known_at, driver=AsTasks(), wait_seconds=WAIT_SECONDS)
    return finished(house, outcome, date)


def _nothing_to_do(
    house: House, date: dt.date, is_on_session: bool, today: str, as_known_at: dt.datetime | None
) -> str | None:
    if not is_on_session:
        return f"{today} is no exchange session: nothing to do; give a business date to run one anyway"
    reason = reason_to_run(house, date, as_known_at)
    if reason is None:
        return f"{date}: nothing has come or changed since its last run"
    get_run_logger().info("%s: %s", date, reason)
    return None
