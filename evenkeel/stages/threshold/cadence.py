"""Which days are looks.

Every date is an exchange session; a portfolio's look days follow from its workflow, its cadence and its calendar's frequency alone.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import cast

from data_contracts.vocab import Cadence, Workflow
from evenkeel.calendar import (
    Frequency,
    first_session_of_period,
    next_session,
    previous_session,
    session_on_or_before,
)
from evenkeel.policy.model import Policy

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")


def is_weekly_look(date: dt.date, weekly_on: str) -> bool:
    """Return whether `date` is its week's look: the week's last session on or before the weekday, or else its first one.

    If Friday is a holiday a Friday look is on Thursday; if Monday is one, a Monday look is on Tuesday.
    """
    monday = date - dt.timedelta(days=date.weekday())
    day = session_on_or_before(monday + dt.timedelta(days=_WEEKDAYS.index(weekly_on)))
    return date == (day if day >= monday else next_session(monday - dt.timedelta(days=1)))


@dataclass(frozen=True)
class Schedule:
    """The look days of the portfolios that share a workflow, a cadence and a policy."""

    workflow: Workflow
    cadence: Cadence
    policy: Policy

    def is_calendar_look(self, date: dt.date) -> bool:
        """Return whether the workflow's calendar asks for a look: the first session of its period."""
        frequency = self.calendar_frequency
        return frequency is not None and first_session_of_period(date, frequency)

    @property
    def calendar_frequency(self) -> Frequency | None:
        """Return the period of the workflow's calendar, None where it has none."""
        if self.workflow is Workflow.CALENDAR:
            return self.policy.calendar.frequency
        return self.policy.hybrid.frequency if self.workflow is Workflow.HYBRID else None

    def is_due(self, date: dt.date) -> bool:
        """Return whether `date` is a look: by calendar alone, by cadence alone, or (hybrid) by either."""
        if self.workflow is Workflow.CALENDAR or self.is_calendar_look(date):
            return self.is_calendar_look(date)
        if self.cadence is Cadence.DAILY:
            return True
        if self.cadence is Cadence.WEEKLY:
            return is_weekly_look(date, self.policy.weekly_on)
        return first_session_of_period(date, cast(Frequency, self.cadence.value))

    def next_due(self, date: dt.date) -> dt.date:
        """Return the first look after `date`."""
        day = next_session(date)
        while not self.is_due(day):
            day = next_session(day)
        return day

    def is_illiquid_look(self, date: dt.date) -> bool:
        """Return whether `date` is the first look in its period of the illiquid frequency."""
        if not self.is_due(date):
            return False
        day = date
        while not first_session_of_period(day, self.policy.illiquid.frequency):
            day = previous_session(day)
            if self.is_due(day):
                return False
        return True

    @property
    def words(self) -> str:
        """Return the schedule in words, for the reason of a portfolio that is not due."""
        weekly = f"weekly, by {self.policy.weekly_on}"
        cadence = weekly if self.cadence is Cadence.WEEKLY else self.cadence.value
        if self.workflow is Workflow.CALENDAR:
            return f"{self.calendar_frequency} calendar"
        return f"{cadence}, and {self.calendar_frequency} calendar" if self.calendar_frequency else cadence
