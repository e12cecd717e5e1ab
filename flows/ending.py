"""How a flow that ran dates ends: their pages written, and a final state that says what was done."""

from __future__ import annotations

import datetime as dt
from typing import Any

from prefect import get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Completed

from evenkeel.desk.page import write_page
from evenkeel.run.house import House
from evenkeel.run.sequence import Outcome


def finished(house: House, outcome: Outcome, date: dt.date) -> State[dict[str, Any]]:
    """Write the task pages of the dates that ran and return the flow's final state.

    A stop by a check is no failure of the flow: the rest of the book went on. The message says so.

    Args:
        house: The home.
        outcome: What was run.
        date: The last date that was asked for; the state's data is about its run.
    """
    dates = sorted({run.business_date for run in outcome.runs})
    for each in dates:
        write_page(house, each)
    for line in outcome.left:
        get_run_logger().warning(line)
    stopped = [each for each in dates if outcome.of(each).status == "stopped"]
    message = f"ran {', '.join(map(str, dates))}"
    if stopped:
        message += f"; a check stopped something on {', '.join(map(str, stopped))}: see `evenkeel status`"
    if outcome.left:
        message += f"; {len(outcome.left)} could not be taken in: see the log"
    get_run_logger().info(message)
    run = outcome.of(date)
    return Completed(
        message=message, data={"business_date": date.isoformat(), "run_id": run.run_id, "status": run.status}
    )
