"""Every figure of the reports, defined once: docs/reports.md has this table, and a test holds the page to it."""

from __future__ import annotations

from evenkeel.reports.model import Definition, Unit

_ALERTS = "`alerts` of each session"
_LOG = "the log of cases"
_FILLS = "`fills` and `order_allocations`"

REBALANCED_WITHIN_SLA = Definition(
    "rebalanced_within_sla_frac",
    "Rebalanced within the SLA",
    "Of the alerts that came due, how many had their trades filled by then.",
    "those of them whose proposal was filled at or before their due time",
    "alerts whose due time lies in the period, without those that were over by themselves, declined, deferred or snoozed before it",
    f"{_ALERTS} (`due_at`), {_LOG} (`fill`), `decisions`",
    Unit.RATIO,
)
DRIFT_REDUCTION = Definition(
    "average_drift_reduction_frac",
    "Average drift reduction, measured",
    "How much nearer to its model a portfolio was after its trades: largest distance of a class before, less the same after.",
    "sum of the reductions",
    "proposals filled in the period whose portfolio was measured on the proposal's date and on a later session from the fill's date on",
    f"`drift` and `valuations` of both sessions, {_LOG} (`fill`)",
    Unit.POINTS,
)
DRIFT_REDUCTION_PROPOSED = Definition(
    "average_drift_reduction_proposed_frac",
    "Average drift reduction, as approved",
    "The same as the approved lists promise it, filled or not.",
    "sum of largest distance of a class before, less the same after, as computed",
    "proposals approved in the period for which both are known",
    f"`proposals` as consented to, {_LOG}",
    Unit.POINTS,
)
TASK_COMPLETION = Definition(
    "task_completion_frac",
    "Task completion rate",
    "Of the alerts that asked for work, how many ask nobody for anything any more.",
    "those of them that at the end are over, quiet, in flight, or decided (approved, declined, put off)",
    "alerts that were open in a task list of the period",
    f"{_ALERTS}, {_LOG}",
    Unit.RATIO,
)
APPROVAL_RATE = Definition(
    "approval_rate_frac",
    "Approval rate",
    "Of the proposals that were answered, how many were approved. A proposal counts once, by its first answer.",
    "those of them that people approved",
    "proposals approved or declined by people in the period, or expired for want of an answer; what a newer list replaced, what was put "
    "off and what the policy let through by itself is no answer",
    f"{_LOG}",
    Unit.RATIO,
)
APPROVAL_HOURS = Definition(
    "approval_hours",
    "Time to approval",
    "Elapsed hours from the first request to the last yes, on average; of a changed list from the request for the first of its line.",
    "sum of the hours",
    "proposals that people approved in the period",
    f"{_LOG} (`present`, `approve`)",
    Unit.HOURS,
)
CYCLE_HOURS = Definition(
    "cycle_hours",
    "Cycle time from drift to execution",
    "Elapsed hours from the start of the alert's clock to the fill, on average.",
    "sum of the hours",
    "proposals filled in the period whose alert's start is known",
    f"{_ALERTS} (`opened_at`), {_LOG} (`fill`)",
    Unit.HOURS,
)
REVIEWED_PER_ADVISER = Definition(
    "portfolios_reviewed_per_adviser",
    "Portfolios reviewed per adviser",
    "How many portfolios an adviser has decided something about, on average.",
    "pairs of adviser and portfolio with at least one decision in the period",
    "advisers who have a measured portfolio on the period's last session",
    f"{_LOG}, `decisions`, the book",
    Unit.COUNT,
)
MISSED = Definition(
    "missed_rebalancing_events",
    "Missed rebalancing events",
    "Alerts that came due while nobody had acted and the breach went on.",
    "alerts whose due time lies in the period and passed without a decision, a fill, or the breach being over",
    "",
    f"{_ALERTS} (`due_at`), {_LOG}, `decisions`",
    Unit.COUNT,
)
FILL_TO_MESSAGE = Definition(
    "fill_to_message_minutes",
    "Time from fill to the client's message",
    "Elapsed minutes from a proposal's last execution to the client's first message after it, on average.",
    "sum of the minutes",
    "proposals filled in the period whose client was told",
    f"{_FILLS}, the outbox (`sent_at`; CRM and archive copies do not count)",
    Unit.MINUTES,
)
TOLD_IN_TIME = Definition(
    "told_within_15_minutes_frac",
    "Clients told within 15 minutes of the fill",
    "Of the proposals that were filled, how many clients had a message within 15 minutes of the last execution.",
    "those of them whose first message to the client was sent within 15 minutes",
    "proposals filled in the period, without those whose 15 minutes are not over yet",
    f"{_FILLS}, the outbox",
    Unit.RATIO,
)
WITHIN_2 = Definition(
    "within_2_points_frac",
    "Accounts within 2 points of the model",
    "Share of accounts whose portfolio has every asset class within 2 percentage points of its model, bounds included.",
    "those of them whose portfolio's largest distance is at most 0.02",
    "accounts whose portfolio was measured on the period's last session",
    "`drift`, `coverage`",
    Unit.RATIO,
)
WITHIN_3 = Definition(
    "within_3_points_frac",
    "Accounts within 3 points of the model",
    "The same within 3 percentage points.",
    "those of them whose portfolio's largest distance is at most 0.03",
    "accounts whose portfolio was measured on the period's last session",
    "`drift`, `coverage`",
    Unit.RATIO,
)
KPIS = (
    REBALANCED_WITHIN_SLA,
    DRIFT_REDUCTION,
    DRIFT_REDUCTION_PROPOSED,
    TASK_COMPLETION,
    APPROVAL_RATE,
    APPROVAL_HOURS,
    CYCLE_HOURS,
    REVIEWED_PER_ADVISER,
    MISSED,
    FILL_TO_MESSAGE,
    TOLD_IN_TIME,
    WITHIN_2,
    WITHIN_3,
)
"""The figures of RCD-04, in the order in which they are shown."""


def definitions_table() -> list[str]:
    """Return the definitions as lines of a Markdown table."""
    lines = ["| figure | what it is | numerator | denominator | from |", "|---|---|---|---|---|"]
    for each in KPIS:
        lines.append(
            f"| {each.title} (`{each.name}`) | {each.says} | {each.numerator} | {each.denominator or 'none: a count'} | {each.source} |"
        )
    return lines
