"""Reports by their names: which there are, for which period by default, and how each is made."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from evenkeel.desk.reporting.client import rebalance_of
from evenkeel.desk.reporting.execution import Execution
from evenkeel.desk.reporting.gathering import gather, trail_of
from evenkeel.errors import UsageError
from evenkeel.reports import before_after, drift_compliance, monthly_compliance, sample_audit, supervisory_review
from evenkeel.reports.facts import Facts
from evenkeel.reports.kpis import derive, kpis
from evenkeel.reports.model import Report
from evenkeel.reports.period import Period, day_of, month_containing, month_of, quarter_containing, quarter_of
from evenkeel.run.house import House

KPIS = "kpis"


@dataclass(frozen=True)
class Kind:
    """A report that can be asked for: what it answers, and whether it is for a quarter."""

    about: str
    is_quarterly: bool = False


KINDS: dict[str, Kind] = {
    KPIS: Kind("The figures a practice is run by, each with what it was divided by."),
    drift_compliance.NAME: Kind(
        "How near each account is to its model; by model, adviser, custodian; session by session."
    ),
    monthly_compliance.NAME: Kind(
        "How often portfolios were rebalanced, how far they drifted, how often people said yes."
    ),
    supervisory_review.NAME: Kind(
        "Who decided what; overridden, escalated, late, never answered; who has reviewed it."
    ),
    sample_audit.NAME: Kind("A random sample of a quarter's alerts, each with its whole chain, gaps marked.", True),
    before_after.NAME: Kind("One client's rebalance: weights before and after, trades, tax. Needs --proposal."),
}
"""Every report, in the order in which they are listed."""


def period_of(
    house: House, name: str, month: str | None = None, quarter: str | None = None, date: dt.date | None = None
) -> Period:
    """Return the period that somebody asks for; by default the month or quarter of the newest run, or of today where there is none.

    Raises:
        UsageError: More than one was given, or it is not written as a month or quarter.
    """
    if sum(each is not None for each in (month, quarter, date)) > 1:
        raise UsageError("give one of --month, --quarter and --date")
    if month is not None:
        return month_of(month)
    if quarter is not None:
        return quarter_of(quarter)
    if date is not None:
        return day_of(date)
    dates = house.records.committed_dates()
    newest = dates[-1] if dates else house.today()
    return quarter_containing(newest) if KINDS[name].is_quarterly else month_containing(newest)


def make(
    house: House, name: str, period: Period, execution: Execution | None = None, firm: str | None = None
) -> Report:
    """Return a report on a period.

    Raises:
        UsageError: There is no such report, or it is not about a period.
    """
    require_name(name)
    if name == before_after.NAME:
        raise UsageError("before-after is about one proposal: give --proposal")
    return from_facts(house, name, gather(house, period, execution, firm))


def from_facts(house: House, name: str, facts: Facts) -> Report:
    """Return a report made of facts that were read already."""
    if name == drift_compliance.NAME:
        return drift_compliance.drift_compliance(facts)
    if name == monthly_compliance.NAME:
        return monthly_compliance.monthly_compliance(facts)
    if name == supervisory_review.NAME:
        return supervisory_review.supervisory_review(facts)
    if name == sample_audit.NAME:
        drawn = [each.alert_id for each in sample_audit.sampled(facts)]
        return sample_audit.sample_audit(facts, trail_of(house, drawn))
    return Report(
        KPIS,
        "Key figures",
        "The figures a practice is run by. What cannot be known says why; it is never shown as 0.",
        facts.period,
        facts.as_of_at,
        facts.is_period_over,
        (),
        figures=kpis(derive(facts)),
        run_ids=facts.run_ids,
    )


def make_before_after(
    house: House, named: str, execution: Execution | None = None, firm: str | None = None, disclosure: str = ""
) -> Report:
    """Return the client's report on a proposal, by its id or a beginning of it.

    Raises:
        UsageError: There is no such case.
    """
    return before_after.before_after(rebalance_of(house, named, execution, firm or "", disclosure), house.clock.now())


def require_name(name: str) -> None:
    """Refuse a name that no report has.

    Raises:
        UsageError: Names those that there are.
    """
    if name not in KINDS:
        raise UsageError(f"there is no report {name!r}; there are {', '.join(KINDS)}")
