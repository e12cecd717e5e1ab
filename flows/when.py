"""For which session a flow run is: given, or derived from the time it was scheduled for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from prefect.runtime import flow_run

from evenkeel import calendar
from evenkeel.wiring import read_settings


@dataclass(frozen=True)
class Occasion:
    """The instant a run was meant for, and the session that had closed last by then."""

    instant: dt.datetime
    business_date: dt.date

    @property
    def is_on_session(self) -> bool:
        """Tell whether the instant lies on an exchange session's calendar date in New York."""
        return calendar.is_session(self.eastern.date())

    @property
    def eastern(self) -> dt.datetime:
        """Return the instant in New York."""
        return self.instant.astimezone(calendar.EASTERN)


def occasion() -> Occasion:
    """Return the occasion of the current flow run.

    A run that starts late is still for the time it was scheduled for: the 06:00 run that a worker picks up at 18:00 is for the
    session before. A clock set in the settings counts instead of that time.
    """
    instant = read_settings().clock or flow_run.scheduled_start_time
    return Occasion(instant, calendar.last_closed_session(instant))


def named_by_date() -> str:
    """Return the current flow run's name: the flow's, and the session it is for."""
    date = flow_run.parameters.get("business_date") or occasion().business_date
    return f"{flow_run.flow_name}-{date}"
