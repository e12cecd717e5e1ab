"""Monthly compliance: how often portfolios were rebalanced, how far they drifted, how often people said yes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import polars as pl

from evenkeel.reports.answers import Answer
from evenkeel.reports.facts import Facts
from evenkeel.reports.kpis import NOTHING_SENT, Derived, approval_hours, approval_rate, derive, is_answered, kpis
from evenkeel.reports.model import Column, Report, Table, Unit

NAME = "monthly-compliance"
_RATES = (
    Column("answered_count", "Answered", Unit.COUNT),
    Column("approved_count", "Approved", Unit.COUNT),
    Column("declined_count", "Declined", Unit.COUNT),
    Column("expired_count", "Expired", Unit.COUNT),
    Column("approval_rate_frac", "Approval rate", Unit.RATIO),
    Column("approval_hours", "Hours to approval", Unit.HOURS),
)
_MANY = 3
"""So many rebalances or more are one line."""


def monthly_compliance(facts: Facts) -> Report:
    """Return the report."""
    derived = derive(facts)
    return Report(
        NAME,
        "Monthly compliance",
        "How often portfolios were rebalanced, how far they drifted, and how often people said yes.",
        facts.period,
        facts.as_of_at,
        facts.is_period_over,
        (_advisers(derived), _account_types(derived), _frequency(derived), _portfolios(derived)),
        figures=kpis(derived),
        notes=() if derived.was_sent else (f"Filled: {NOTHING_SENT}.",),
        run_ids=facts.run_ids,
    )


def _rates(answered: Sequence[Answer], facts: Facts) -> dict[str, Any]:
    counted = [each for each in answered if is_answered(each, facts)]
    by_answer = Counter(each.answer for each in counted)
    return {
        "answered_count": len(counted),
        **{f"{name}_count": by_answer[name] for name in ("approved", "declined", "expired")},
        "approval_rate_frac": approval_rate(answered, facts).value,
        "approval_hours": approval_hours(answered, facts).value,
    }


def _grouped(answered: Iterable[Answer], keys: Callable[[Answer], Iterable[str]]) -> dict[str, list[Answer]]:
    groups: dict[str, list[Answer]] = defaultdict(list)
    for each in answered:
        for key in keys(each):
            groups[key].append(each)
    return groups


def _in_period(facts: Facts) -> pl.DataFrame:
    return facts.days.filter(pl.col("business_date").is_between(facts.period.first, facts.period.last))


def _advisers(derived: Derived) -> Table:
    facts = derived.facts
    days = _in_period(facts)
    average = dict(
        days.sort("portfolio_id", "business_date")
        .group_by("adviser_id")
        .agg(pl.col("max_drift_frac").mean())
        .iter_rows()
    )
    portfolios = dict(days.group_by("adviser_id").agg(pl.col("portfolio_id").n_unique()).iter_rows())
    asked = Counter(each.adviser_id for each in derived.tasks if each.was_open)
    cases = _grouped(derived.answers, lambda each: [each.case["adviser_id"]])
    rows = [
        {
            "adviser_id": adviser,
            "portfolio_count": portfolios.get(adviser, 0),
            "alert_count": asked[adviser],
            **_rebalances(cases.get(adviser, []), derived),
            "average_drift_frac": average.get(adviser),
            **_rates(cases.get(adviser, []), facts),
        }
        for adviser in sorted({*average, *asked, *cases})
    ]
    columns = (
        Column("adviser_id", "Adviser", Unit.CODE),
        Column("portfolio_count", "Portfolios", Unit.COUNT),
        Column("alert_count", "Alerts", Unit.COUNT),
        *_REBALANCES,
        Column("average_drift_frac", "Average drift, pts", Unit.POINTS),
        *_RATES,
    )
    note = "Average drift is over the portfolios' sessions in the period. Cases count for the adviser on whose desk they were opened."
    return Table("advisers", "By adviser", columns, rows, note)


_REBALANCES = (
    Column("rebalanced_count", "Approved lists", Unit.COUNT),
    Column("filled_count", "Filled lists", Unit.COUNT),
)


def _rebalances(cases: Sequence[Answer], derived: Derived) -> dict[str, Any]:
    facts = derived.facts
    return {
        "rebalanced_count": sum(each.answer == "approved" and facts.has(each.answered_at) for each in cases),
        "filled_count": sum(facts.has(each.filled_at) for each in cases) if derived.was_sent else None,
    }


def _account_types(derived: Derived) -> Table:
    facts = derived.facts
    types = {
        account: f"{registration}, {tax_status}"
        for account, registration, tax_status in facts.accounts.select(
            "account_id", "registration", "tax_status"
        ).iter_rows()
    }
    counts = Counter(types.values())
    cases = _grouped(
        derived.answers,
        lambda each: sorted({types.get(account, "not in the book any more") for account in each.case["account_ids"]}),
    )
    rows = [
        {
            "account_type": kind,
            "account_count": counts[kind],
            **_rebalances(cases.get(kind, []), derived),
            **_rates(cases.get(kind, []), facts),
        }
        for kind in sorted({*counts, *cases})
    ]
    columns = (
        Column("account_type", "Registration, tax status", Unit.WORDS),
        Column("account_count", "Accounts", Unit.COUNT),
        *_REBALANCES,
        *_RATES,
    )
    note = "A list that trades in accounts of several types counts once for each of them, so the rows do not add up to the total."
    return Table("account_types", "By account type", columns, rows, note)


def _per_portfolio(derived: Derived) -> dict[str, dict[str, Any]]:
    cases = _grouped(derived.answers, lambda each: [each.case["portfolio_id"]])
    measured = _in_period(derived.facts)["portfolio_id"].unique().to_list()
    return {name: _rebalances(cases.get(name, []), derived) for name in sorted({*measured, *cases})}


def _frequency(derived: Derived) -> Table:
    found = list(_per_portfolio(derived).values())

    def bucket(count: int) -> str:
        return f"{_MANY} or more" if count >= _MANY else str(count)

    approved = Counter(bucket(each["rebalanced_count"]) for each in found)
    filled = Counter(bucket(each["filled_count"]) for each in found) if derived.was_sent else None
    rows = [
        {
            "rebalances": name,
            "approved_portfolio_count": approved[name],
            "filled_portfolio_count": filled[name] if filled is not None else None,
        }
        for name in [*(str(each) for each in range(_MANY)), f"{_MANY} or more"]
    ]
    columns = (
        Column("rebalances", "Rebalances in the period"),
        Column("approved_portfolio_count", "Portfolios, by approved lists", Unit.COUNT),
        Column("filled_portfolio_count", "Portfolios, by filled lists", Unit.COUNT),
    )
    return Table("frequency", "How often", columns, rows if found else [])


def _portfolios(derived: Derived) -> Table:
    drift = {
        row["portfolio_id"]: row
        for row in _in_period(derived.facts)
        .sort("portfolio_id", "business_date")
        .group_by("portfolio_id")
        .agg(
            pl.col("max_drift_frac").mean().alias("average_drift_frac"),
            pl.col("max_drift_frac").max().alias("peak_drift_frac"),
            pl.col("adviser_id").last(),
        )
        .iter_rows(named=True)
    }
    none = {"average_drift_frac": None, "peak_drift_frac": None, "adviser_id": None}
    rows = [
        {"portfolio_id": name, **drift.get(name, none), **counts} for name, counts in _per_portfolio(derived).items()
    ]
    columns = (
        Column("portfolio_id", "Portfolio", Unit.CODE),
        Column("adviser_id", "Adviser", Unit.CODE),
        *_REBALANCES,
        Column("average_drift_frac", "Average drift, pts", Unit.POINTS),
        Column("peak_drift_frac", "Peak, pts", Unit.POINTS),
    )
    rows.sort(key=lambda row: (-(row["peak_drift_frac"] or 0), row["portfolio_id"]))
    return Table("portfolios", "By portfolio", columns, rows, "The farthest from its model comes first.")
