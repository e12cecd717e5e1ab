"""The sweep flow: reminders, escalations and ends of what waits for consent, every fifteen minutes."""

from __future__ import annotations

from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Completed

from evenkeel.desk.sweep import sweep as sweep_home
from evenkeel.desk.sweep import swept_line
from evenkeel.errors import LeaseHeld
from evenkeel.wiring import open_house, read_settings
from evenkeel.wiring_messages import send_by


@flow(name="sweep", persist_result=False)
def sweep() -> State[dict[str, Any]]:
    """Open a case for each new proposal, do what has come due, and send what there is to be told, where the firm has said who writes.

    Late, twice, or in two places it does everything once; where another sweep is at it, it leaves the work to that one. A home that
    has not run yet has nothing to sweep.
    """
    house = open_house()
    if not house.records.committed_dates():
        return Completed(message="nothing has been run yet", data={"status": "idle"})
    try:
        swept = sweep_home(house)
    except LeaseHeld as error:
        get_run_logger().info("%s", error)
        return Completed(message="another sweep is at it", data={"status": "idle"})
    line = swept_line(swept)
    get_run_logger().info(line)
    # What was swept is stored; what there is to be told waits in the outbox whatever becomes of it here.
    for said in send_by(read_settings()):
        get_run_logger().info(said)
    steps = {step.value: count for step, count in swept.steps.items()}
    return Completed(message=line, data={"status": "done", "opened": swept.opened.opened_count, "steps": steps})
