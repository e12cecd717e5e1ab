"""The scan of a market event as a task; what it does is `evenkeel.run.market_event`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from prefect import task

from evenkeel.run.market_event import EventOutcome, scan
from evenkeel.wiring import open_house
from tasks.step import options


@task(**(options("scan") | {"task_run_name": "scan-market-event"}))
def scan_market_event(
    reason: str, moves: Mapping[str, float], threshold_frac: float, prices_file: str | None
) -> EventOutcome:
    """Value the last committed holdings at moved prices and list whom that pushes out of their bands."""
    return scan(open_house(), reason, moves, threshold_frac, Path(prices_file) if prices_file else None)
