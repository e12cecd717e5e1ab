"""Plan and hand over, and kill oneself after so many statements to the records: `python killed_orders.py NUMBER`."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from sqlalchemy import Engine, event

from evenkeel.desk.execution.handing_over import hand_over
from evenkeel.desk.execution.planning import plan_and_stage
from evenkeel.wiring import open_house, read_settings


def main() -> None:
    """Plan, hand over and die."""
    limit, count = int(sys.argv[1]), 0
    house = open_house(read_settings())

    @event.listens_for(Engine, "after_cursor_execute")
    def burn(*_arguments: Any) -> None:
        nonlocal count
        count += 1
        if count == limit:
            os.kill(os.getpid(), signal.SIGKILL)

    plan_and_stage(house)
    hand_over(house)
    print(count)


main()
