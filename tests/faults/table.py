"""The printed tables, and what counts as passed."""

from __future__ import annotations

from collections.abc import Iterable

from tests.faults.runs import Case

HEADER = f"{'fault':44}{'touched':>8}{'stopped':>8}{'false':>6}{'harm':>5}{'wrongly':>8}{'others':>7}  reason found"
"""Households touched; accounts stopped; false alerts; harm unnoticed; accounts wrongly stopped; untouched households' alerts changed."""


UNDONE = frozenset({("indicators.day_before", "indicators.reading_high")})
"""Pairs whose second damage takes the first one back, up to a slip inside a tolerance: nothing is to be found."""


def line(case: Case) -> str:
    """Return a case as a line of the table."""
    name = " + ".join(case.names)
    if case.verdict is None:
        return f"{name:44}{'':42}  {'CANNOT BE MADE: ' + case.skipped if case.skipped else 'RAISED: ' + case.crashed}"
    verdict = case.verdict
    reasons = ", ".join(sorted(verdict.reasons)) or ("none needed" if verdict.has_reason else "NONE")
    return (
        f"{name:44}{len(verdict.touched):8}{verdict.stopped_count:8}{len(verdict.false_alerts):6}{len(verdict.unnoticed):5}"
        f"{len(verdict.wrongly_stopped):8}{len(verdict.changed_elsewhere):7}  {reasons}"
    )


def details(case: Case) -> list[str]:
    """Return what went wrong, line by line."""
    if case.verdict is None:
        return []
    verdict = case.verdict
    shown = [f"    {case.what}"]
    for title, rows in (
        ("false", verdict.false_alerts),
        ("harm", verdict.unnoticed),
        ("wrongly stopped", verdict.wrongly_stopped),
        ("others", verdict.changed_elsewhere),
    ):
        shown += [f"    {title}: {row}" for row in rows[:4]]
    if not verdict.has_reason:
        shown.append(
            f"    found {', '.join(sorted(verdict.found)) or 'nothing'}; right were {', '.join(sorted(verdict.expected))}"
        )
    return shown


def summary(cases: Iterable[Case]) -> str:
    """Return the last line of the table."""
    every = list(cases)
    judged = [case.verdict for case in every if case.verdict is not None]
    return (
        f"{len(every)} faults: {sum(verdict.is_right for verdict in judged)} right, "
        f"{sum(len(verdict.false_alerts) for verdict in judged)} false alerts, "
        f"{sum(len(verdict.unnoticed) for verdict in judged)} harm unnoticed, "
        f"{sum(len(verdict.wrongly_stopped) for verdict in judged)} accounts wrongly stopped, "
        f"{sum(len(verdict.changed_elsewhere) for verdict in judged)} alerts of others changed, "
        f"{sum(not verdict.has_reason for verdict in judged)} without a right reason, "
        f"{sum(bool(case.skipped) for case in every)} could not be made, {sum(bool(case.crashed) for case in every)} raised"
    )


def pairs_summary(cases: Iterable[Case]) -> str:
    """Return the last line of the pairs."""
    every = list(cases)
    judged = [case.verdict for case in every if case.verdict is not None]
    return (
        f"{len(every)} pairs: {len(judged)} run, {sum(bool(case.skipped) for case in every)} cannot be made together; "
        f"{sum(len(verdict.false_alerts) for verdict in judged)} false alerts, "
        f"{sum(not is_seen(case) for case in every)} without a right reason, {sum(map(is_undone, every))} taken back, "
        f"{sum(bool(case.crashed) for case in every)} raised "
        f"(harm unnoticed {sum(len(verdict.unnoticed) for verdict in judged)}, "
        f"accounts wrongly stopped {sum(len(verdict.wrongly_stopped) for verdict in judged)})"
    )


def is_pair_right(case: Case) -> bool:
    """Tell whether a pair raises no false alert and is seen for a right reason."""
    if case.verdict is None:
        return not case.crashed
    return is_seen(case) and not case.verdict.false_alerts


def is_seen(case: Case) -> bool:
    """Tell whether a right reason was found, or there was nothing to find."""
    return case.verdict is None or case.verdict.has_reason or is_undone(case)


def is_undone(case: Case) -> bool:
    """Tell whether the pair is known to take itself back and the day came out as the clean one, down to every alert."""
    verdict = case.verdict
    if verdict is None or case.names not in UNDONE or verdict.has_reason:
        return False
    return not (verdict.false_alerts or verdict.unnoticed or verdict.stopped_count or verdict.changed_elsewhere)
