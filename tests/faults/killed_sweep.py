"""Sweep once and kill oneself after so many statements to the records: `python killed_sweep.py NUMBER`; prints how many where it lives."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from sqlalchemy import Engine, event

from evenkeel.desk.consent import opening
from evenkeel.desk.sweep import sweep
from evenkeel.wiring import open_house, read_settings


def main() -> None:
    """Sweep and die."""
    limit, count = int(sys.argv[1]), 0
    house = open_house(read_settings())
    # A case a transaction: more moments between two of them to die at.
    opening.TOGETHER = 1

    @event.listens_for(Engine, "after_cursor_execute")
    def burn(*_arguments: Any) -> None:
        nonlocal count
        count += 1
        if count == limit:
            os.kill(os.getpid(), signal.SIGKILL)

    sweep(house)
    print(count)


main()
