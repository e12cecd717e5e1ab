"""The figures of RCD-04. Each says what it was divided by; one that cannot be known says why, and is never 0 for that."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import median

import polars as pl

from data_contracts.vocab import CoverageStatus, Role
from evenkeel.calendar import EASTERN
from evenkeel.policy.model import COMPARE_TOLERANCE
from evenkeel.reports import definitions as said
from evenkeel.reports.answers import DECIDING, Answer, answers
from evenkeel.reports.facts import Facts
from evenkeel.reports.filled import Told, told
from evenkeel.reports.model import Definition, Figure
from evenkeel.reports.tasks import Task, tasks

NO_SESSION = "no session of the period was run"
NOTHING_SENT = "no order was ever handed over from here: what was traded elsewhere is not known"
NO_FILLS = "executions are not kept in this home"
TELL_WITHIN = dt.timedelta(minutes=15)
_ADVISERS = (Role.ADVISER.value, Role.SENIOR_ADVISER.value)


@dataclass(frozen=True)
class Derived:
    """What the figures are counted from, worked out once."""

    facts: Facts
    answers: Sequence[Answer]
    tasks: Sequence[Task]

    @cached_property
    def was_sent(self) -> bool:
        """Return whether orders ever went out."""
        return any(each.sent_at or each.filled_at for each in self.answers)


def derive(facts: Facts) -> Derived:
    """Return cases and alerts with what became of them."""
    answered = answers(facts)
    return Derived(facts, answered, tasks(facts, answered))


def kpis(derived: Derived) -> list[Figure]:
    """Return every figure of `definitions.KPIS`, in its order."""
    if not derived.facts.sessions:
        return [Figure(each, None, reason=NO_SESSION) for each in said.KPIS]
    found = [
        _within_sla(derived),
        _drift_reduction(derived),
        _drift_reduction_proposed(derived),
        _task_completion(derived),
        approval_rate(derived.answers, derived.facts),
        approval_hours(derived.answers, derived.facts),
        _cycle(derived),
        _reviewed(derived),
        _missed(derived),
        *_told(derived),
        *within_points(derived.facts),
    ]
    by_name = {each.definition.name: each for each in found}
    return [by_name[each.name] for each in said.KPIS]


def share(definition: Definition, part: int, whole: int, why_none: str) -> Figure:
    """Return a share; None where there is nothing to divide by."""
    if not whole:
        return Figure(definition, None, 0, 0, why_none)
    return Figure(definition, part / whole, part, whole)


def average(definition: Definition, values: Sequence[float], why_none: str, note: str | None = None) -> Figure:
    """Return an average, with the middle value as a note; None of nothing."""
    if not values:
        return Figure(definition, None, None, 0, why_none, note)
    total = sum(sorted(values))
    return Figure(definition, total / len(values), total, len(values), None, note)


def approval_rate(answered: Iterable[Answer], facts: Facts) -> Figure:
    """Return the approval rate of some cases."""
    counted = [each for each in answered if is_answered(each, facts)]
    yes = sum(each.answer == "approved" for each in counted)
    return share(said.APPROVAL_RATE, yes, len(counted), "no proposal was answered in the period")


def is_answered(each: Answer, facts: Facts) -> bool:
    """Return whether a case counts for the approval rate of the period."""
    if not facts.has(each.answered_at):
        return False
    # What was approved can expire later, but then that was not its first answer; a list that was never put before anybody is not answered.
    return each.is_by_person or (each.answer == "expired" and each.asked_at is not None)


def approval_hours(answered: Iterable[Answer], facts: Facts) -> Figure:
    """Return the time to approval of some cases."""
    yes = [each for each in answered if each.answer == "approved" and each.is_by_person and facts.has(each.answered_at)]
    hours = [each.hours_to_answer for each in yes if each.hours_to_answer is not None]
    note = f"half of them within {median(hours):.1f} hours" if hours else None
    return average(said.APPROVAL_HOURS, hours, "no proposal was approved by a person in the period", note)


def within_points(facts: Facts) -> list[Figure]:
    """Return the shares of accounts near their model on the last session."""
    if not facts.sessions:
        return [Figure(each, None, reason=NO_SESSION) for each in (said.WITHIN_2, said.WITHIN_3)]
    last = facts.sessions[-1]
    measured = facts.coverage.filter(
        pl.col("business_date") == last, pl.col("status") == CoverageStatus.SCANNED.value
    ).join(facts.days.filter(pl.col("business_date") == last), on="portfolio_id", how="inner")
    near = {
        definition: measured.filter(pl.col("max_drift_frac") <= limit + COMPARE_TOLERANCE).height
        for definition, limit in ((said.WITHIN_2, 0.02), (said.WITHIN_3, 0.03))
    }
    return [share(each, count, measured.height, f"no account was measured on {last}") for each, count in near.items()]


def _within_sla(derived: Derived) -> Figure:
    if not derived.was_sent:
        return Figure(said.REBALANCED_WITHIN_SLA, None, reason=NOTHING_SENT)
    whole, part = 0, 0
    for each in _due(derived):
        is_filled = _by(each.filled_at, each.due_at)
        if is_filled or not (_by(each.over_at, each.due_at) or _by(each.put_off_at, each.due_at)):
            whole += 1
            part += is_filled
    return share(said.REBALANCED_WITHIN_SLA, part, whole, "no alert came due in the period")


def _missed(derived: Derived) -> Figure:
    due = _due(derived)
    missed = [
        each for each in due if not any(_by(at, each.due_at) for at in (each.acted_at, each.filled_at, each.over_at))
    ]
    return Figure(said.MISSED, len(missed), len(missed), None, None, f"of {len(due)} alerts that came due")


def _due(derived: Derived) -> list[Task]:
    return [each for each in derived.tasks if derived.facts.has(each.due_at)]


def _by(at: dt.datetime | None, due_at: dt.datetime | None) -> bool:
    return at is not None and due_at is not None and at <= due_at


def _task_completion(derived: Derived) -> Figure:
    asked = [each for each in derived.tasks if each.was_open]
    done = sum(each.is_done for each in asked)
    return share(said.TASK_COMPLETION, done, len(asked), "no alert asked for work in the period")


def _drift_reduction(derived: Derived) -> Figure:
    if not derived.was_sent:
        return Figure(said.DRIFT_REDUCTION, None, reason=NOTHING_SENT)
    measured: dict[str, list[tuple[dt.date, float]]] = {}
    for on, portfolio, drift in (
        derived.facts.days.sort("business_date").select("business_date", "portfolio_id", "max_drift_frac").iter_rows()
    ):
        measured.setdefault(portfolio, []).append((on, drift))
    reductions, left_out = [], 0
    for each, filled_at in _filled(derived):
        known = measured.get(each.case["portfolio_id"], [])
        before = next((drift for on, drift in known if on == each.case["business_date"]), None)
        filled_on = filled_at.astimezone(EASTERN).date()
        after = next((drift for on, drift in known if on >= filled_on and on > each.case["business_date"]), None)
        if before is None or after is None:
            left_out += 1
        else:
            reductions.append(before - after)
    note = f"{left_out} filled without a measurement before or after" if left_out else None
    return average(said.DRIFT_REDUCTION, reductions, "no filled proposal has a measurement before and after", note)


def _drift_reduction_proposed(derived: Derived) -> Figure:
    figures = [
        each.case["drift_before_frac"] - each.case["drift_after_frac"]
        for each in derived.answers
        if each.answer == "approved"
        and derived.facts.has(each.answered_at)
        and each.case["drift_before_frac"] is not None
        and each.case["drift_after_frac"] is not None
    ]
    return average(said.DRIFT_REDUCTION_PROPOSED, figures, "no proposal was approved in the period")


def _cycle(derived: Derived) -> Figure:
    if not derived.was_sent:
        return Figure(said.CYCLE_HOURS, None, reason=NOTHING_SENT)
    opened = {each.alert_id: each.opened_at for each in derived.tasks}
    hours = [
        (filled_at - start).total_seconds() / 3600
        for each, filled_at in _filled(derived)
        if (start := opened.get(each.case["alert_id"])) is not None
    ]
    note = f"half of them within {median(hours):.1f} hours" if hours else None
    return average(said.CYCLE_HOURS, hours, "no proposal was filled in the period", note)


def _filled(derived: Derived) -> list[tuple[Answer, dt.datetime]]:
    """Return the cases filled in the period, each with when."""
    return [(each, each.filled_at) for each in derived.answers if each.filled_at and derived.facts.has(each.filled_at)]


def reviews(derived: Derived) -> set[tuple[str, str]]:
    """Return pairs of adviser and portfolio with at least one decision in the period."""
    facts = derived.facts
    pairs = {
        (step["actor"], each.case["portfolio_id"])
        for each in derived.answers
        for step in each.steps
        if step["step"] in DECIDING and step["role"] in _ADVISERS and facts.has(step["at"])
    }
    portfolio_of = {each.alert_id: each.portfolio_id for each in derived.tasks}
    for row in facts.decisions.iter_rows(named=True):
        if row["role"] in _ADVISERS and facts.has(row["decided_at"]) and row["episode_id"] in portfolio_of:
            pairs.add((row["actor"], portfolio_of[row["episode_id"]]))
    return pairs


def _reviewed(derived: Derived) -> Figure:
    last = derived.facts.sessions[-1]
    desks = derived.facts.days.filter(pl.col("business_date") == last)["adviser_id"].n_unique()
    if not desks:
        return Figure(said.REVIEWED_PER_ADVISER, None, 0, 0, f"no portfolio was measured on {last}")
    pairs = reviews(derived)
    return Figure(said.REVIEWED_PER_ADVISER, len(pairs) / desks, len(pairs), desks)


def _told(derived: Derived) -> list[Figure]:
    if not derived.facts.is_execution_kept:
        return [Figure(each, None, reason=NO_FILLS) for each in (said.FILL_TO_MESSAGE, said.TOLD_IN_TIME)]
    found = told(derived.facts)
    waits = [each.minutes for each in found if each.minutes is not None]
    until = derived.facts.as_of_at
    judged = [each for each in found if _is_in_time(each) or each.filled_at + TELL_WITHIN <= until]
    untold = sum(each.told_at is None for each in found)
    mean = average(said.FILL_TO_MESSAGE, waits, "no client was told of a fill of the period")
    return [
        replace(mean, note=f"{untold} not told yet") if untold else mean,
        share(said.TOLD_IN_TIME, sum(map(_is_in_time, judged)), len(judged), "no proposal was filled in the period"),
    ]


def _is_in_time(each: Told) -> bool:
    return each.told_at is not None and each.told_at - each.filled_at <= TELL_WITHIN
