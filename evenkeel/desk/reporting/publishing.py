"""Write the reports of a period that is over into the home, `reports/2026-03/`; for the schedule."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from evenkeel.desk.reporting.execution import Execution
from evenkeel.desk.reporting.files import write_all
from evenkeel.desk.reporting.gathering import gather
from evenkeel.desk.reporting.making import KPIS, from_facts
from evenkeel.reports import drift_compliance, monthly_compliance, sample_audit, supervisory_review
from evenkeel.reports.period import Period, before, month_containing, month_of, quarter_containing, quarter_of
from evenkeel.run.house import House

MONTHLY = (KPIS, drift_compliance.NAME, monthly_compliance.NAME, supervisory_review.NAME)
QUARTERLY = (KPIS, drift_compliance.NAME, supervisory_review.NAME, sample_audit.NAME)


def publish(house: House, period: str, execution: Execution | None = None, firm: str | None = None) -> list[Path]:
    """Write the reports of a month (`2026-03`) or a quarter (`2026-Q1`), and return where.

    Raises:
        UsageError: It is written otherwise.
    """
    is_quarter = "q" in period.lower()
    return _write(house, quarter_of(period) if is_quarter else month_of(period), is_quarter, execution, firm)


def publish_last(
    house: House, today: dt.date, execution: Execution | None = None, firm: str | None = None
) -> list[Path]:
    """Write the reports of the month before today's, and where a quarter ended with it the quarter's."""
    month = before(month_containing(today), is_quarter=False)
    written = _write(house, month, False, execution, firm)
    quarter = quarter_containing(month.last)
    if quarter.last == month.last:
        written += _write(house, quarter, True, execution, firm)
    return written


def _write(house: House, period: Period, is_quarter: bool, execution: Execution | None, firm: str | None) -> list[Path]:
    facts = gather(house, period, execution, firm)
    folder = house.home / "reports" / period.name
    return [
        path
        for name in (QUARTERLY if is_quarter else MONTHLY)
        for path in write_all(from_facts(house, name, facts), folder, facts.firm)
    ]
