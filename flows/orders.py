"""The orders flow: the batch at 09:45 Eastern, and what custodians answer, every fifteen minutes of a session."""

from __future__ import annotations

from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Completed

from evenkeel.desk.execution.answers import take_answers
from evenkeel.desk.execution.handing_over import hand_over
from evenkeel.desk.execution.planning import due_batch, plan_and_stage
from evenkeel.desk.execution.showing import planned_lines, sent_lines, taken_lines
from evenkeel.errors import LeaseHeld
from evenkeel.wiring import open_house, read_settings
from evenkeel.wiring_messages import send_by


@flow(name="orders", persist_result=False)
def orders() -> State[dict[str, Any]]:
    """Plan and hand over the batch that is due, and take in what custodians have said.

    Late, twice, or in two places it does everything once: a trade is in one order, an order in one file, an execution taken once. A batch
    goes from its time on until its session closes. A home that has not run yet has nothing to order.
    """
    house, logger = open_house(), get_run_logger()
    if not house.records.committed_dates():
        return Completed(message="nothing has been run yet", data={"status": "idle"})
    lines: list[str] = []
    problems: list[str] = []
    try:
        if due_batch(house) is not None:
            lines += planned_lines(plan_and_stage(house))
        sent = hand_over(house)
        if sent.handed or sent.held or sent.missed or sent.problems:
            lines += sent_lines(sent)
        taken = take_answers(house)
        lines += taken_lines(taken)
        problems += [*sent.problems, *taken.problems]
    except LeaseHeld as error:
        logger.info(str(error))
        return Completed(message=str(error), data={"status": "held"})
    for line in [*lines, *send_by(read_settings())]:
        logger.info(line)
    for problem in problems:
        logger.warning(problem)
    return Completed(message=lines[-1], data={"status": "stopped" if problems else "done"})
