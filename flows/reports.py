"""The reports flow: the month that is over, and at a quarter's end the quarter, as pages and CSV in the home."""

from __future__ import annotations

from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Completed

from evenkeel.desk.reporting.publishing import publish, publish_last
from evenkeel.wiring import open_house, read_settings
from flows.when import occasion


@flow(name="reports", persist_result=False)
def reports(period: str | None = None) -> State[dict[str, Any]]:
    """Write the reports of a period into the home's reports folder.

    Run again it writes the same files anew: figures of a period that is over change only where something was corrected.

    Args:
        period: A month or a quarter, 2026-03 or 2026-Q1; empty: the month before this one, and the quarter that ended with it.

    Raises:
        UsageError: It is written otherwise.
    """
    settings = read_settings()
    house = open_house(settings)
    if period is not None:
        written = publish(house, period, firm=settings.firm_name)
    else:
        written = publish_last(house, occasion().eastern.date(), firm=settings.firm_name)
    names = [str(path.relative_to(house.home)) for path in written]
    get_run_logger().info("%d files written", len(names))
    return Completed(message=f"{len(names)} files written", data={"status": "done", "files": names})
