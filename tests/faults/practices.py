"""The practices that faults are made in: thirty households, five sessions, of which the last is the day to damage."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from evenkeel import calendar
from evenkeel.sandbox.faults.fault import Session
from evenkeel.sandbox.generate import generate
from evenkeel.sandbox.plan import SandboxPlan
from tests.command.practice import Home

HOUSEHOLDS, SESSIONS, SEED = 30, 5, 49
GENERATED_DAYS = {Session.QUIET: 5, Session.SHOCK: 9, Session.SPLIT: 7}
"""So many days are generated for the fifth to be the one: the shock comes halfway, the split three fifths on."""


@dataclass(frozen=True)
class Sandbox:
    """A generated practice whose last session is the day to damage."""

    session: Session
    home: Home
    plan: SandboxPlan

    @property
    def dates(self) -> tuple[dt.date, ...]:
        """Return the sessions."""
        return self.plan.dates[:SESSIONS]

    @property
    def damaged_date(self) -> dt.date:
        """Return the day to damage."""
        return self.dates[-1]


def make_sandbox(folder: Path, session: Session) -> Sandbox:
    """Generate the practice of a kind of day in `folder`; its clock stands an hour past the deadline of the day to damage."""
    plan = generate(folder, HOUSEHOLDS, GENERATED_DAYS[session], SEED, faults=False)
    last = plan.dates[SESSIONS - 1]
    expected = {Session.SHOCK: plan.shock_date, Session.SPLIT: plan.split_date}.get(session, last)
    assert last == expected, f"{session} was to come on {last}, not on {expected}"
    clock = dt.datetime.combine(calendar.next_session(last), dt.time(8), ZoneInfo("America/New_York"))
    home = Home(folder, {"EVENKEEL_CLOCK": clock.isoformat()})
    # Its records are made now: workers that made them at the same moment would lock each other out.
    home.house().records.close()  # type: ignore[attr-defined]
    return Sandbox(session, home, plan)
