"""Days in a row through the daily flow under a set clock: what the demo and drills run.

Where the files come from is the caller's: nothing here knows a sandbox.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from evenkeel.ports import RunRecord
from evenkeel.wiring import open_house
from flows.local_server import environment

Deliver = Callable[[dt.date, Path, dt.datetime], object]
"""Puts the files of a session that have arrived by an instant into the home's inbox."""


@dataclass(frozen=True)
class Look:
    """One run of the daily flow: at an instant, for the session that had closed last by then."""

    business_date: dt.date
    at: dt.datetime


@dataclass(frozen=True)
class Looked:
    """What a look did: the flow's message, and the date's run that stands after it."""

    look: Look
    message: str
    run: RunRecord | None


def run_demo_days(home: Path, looks: Iterable[Look], deliver: Deliver) -> Iterator[Looked]:
    """Deliver, set the clock, run the flow; once a look, in order, each yielded as soon as it is done.

    Runs on the server that this process points at (`flows.local_server`).

    Args:
        home: Folder of the home, with its book.
        looks: When to run; two looks at one session show a late custodian waited for and then merged.
        deliver: Called before each look with its session, the home and its instant.

    Raises:
        EvenkeelError: What a run raises; the looks after it are not made.
    """
    from flows.daily import daily

    for look in looks:
        deliver(look.business_date, home, look.at)
        settings = {
            "EVENKEEL_HOME": str(home.absolute()),
            "EVENKEEL_CLOCK": look.at.isoformat(),
            # What has been delivered is whole: no file needs waiting for.
            "EVENKEEL_SETTLE_SECONDS": "0",
        }
        with environment(settings):
            state = daily(return_state=True)
            state.result()
            yield Looked(look, state.message or "", open_house().records.manifest(look.business_date))
