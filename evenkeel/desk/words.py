"""Codes, figures and moments in words, for every way of showing the task list."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal

from data_contracts.vocab import BandSource, DecisionKind, EpisodeStatus, NoticeKind, Owner, Rule, Urgency
from evenkeel.calendar import EASTERN
from evenkeel.stages.wording import CLASS_NAMES

RULE_NAMES: dict[str, str] = {
    Rule.DRIFT: "Drift",
    Rule.CASH_SHORTFALL: "Cash shortfall",
    Rule.HARVEST_LOOK: "Harvest look",
}
URGENCY_NAMES: dict[str, str] = {
    Urgency.SAME_DAY: "Same day",
    Urgency.HOURS_48: "48 hours",
    Urgency.WEEKLY_BATCH: "Weekly batch",
}
LEVEL_NAMES: dict[str, str] = {
    BandSource.ACCOUNT: "account",
    BandSource.IPS: "IPS",
    BandSource.SEGMENT: "segment",
    BandSource.TIER: "tier",
    BandSource.DEFAULT: "default",
}
DECISION_NAMES: dict[str, str] = {
    DecisionKind.SNOOZE: "Snoozed",
    DecisionKind.DECLINE: "Declined",
    DecisionKind.DEFER: "Deferred",
}
STATUS_NAMES: dict[str, str] = {
    EpisodeStatus.OPEN: "Needs action",
    EpisodeStatus.IN_FLIGHT: "Orders in flight",
    EpisodeStatus.QUIET: "Quiet",
    EpisodeStatus.FROZEN: "Waiting",
    EpisodeStatus.CLOSED: "Closed today",
}
TERM_NAMES: dict[str, str] = {
    "drift": "Drift",
    "ips_limit": "IPS limits",
    "risk": "Risk against tolerance",
    "horizon": "Time to need",
    "value": "Account value",
    "tax": "Tax status",
    "age": "Age of the breach",
}
OWNER_NAMES: dict[str, str] = {Owner.ADVISER: "Adviser", Owner.OPERATIONS: "Operations", Owner.COMPLIANCE: "Compliance"}
NOTICE_NAMES: dict[str, str] = {
    NoticeKind.IPS_REVIEW_OVERDUE: "IPS review overdue",
    NoticeKind.IPS_CHANGED: "IPS changed",
    NoticeKind.POLICY_CHANGED: "Policy changed",
    NoticeKind.MODEL_CHANGED: "Model changed",
    NoticeKind.SUSPENSION_REVIEW: "Suspension to review",
    NoticeKind.ACCOUNT_STATE: "Account set aside",
    NoticeKind.NEAREST_MODEL: "No model yet",
    NoticeKind.BANDS_WIDENED: "Volatility",
    NoticeKind.HOUSEHOLD_WAITING: "Household waiting",
    NoticeKind.CASH_SPOKEN_FOR: "Cash spoken for",
}


def class_words(level: str, node: str, asset_class: str) -> str:
    """Return what a node is called, as the alerts' sentences call it."""
    name = CLASS_NAMES.get(asset_class, asset_class)
    if level == "class":
        return name
    if level == "sleeve":
        return f"{name} / {node.partition('/')[2].replace('_', ' ')}"
    return f"{node} ({name})"


def percent(ratio: float | None, digits: int = 1) -> str:
    """Return `64.2 %`; a dash where there is none."""
    return "–" if ratio is None else f"{round(ratio * 100, digits) + 0.0:.{digits}f} %"


def points(ratio: float) -> str:
    """Return a distance in percentage points with its sign: `+4.2`, `−1.0`."""
    figure = round(ratio * 100, 1)
    return "0.0" if figure == 0 else f"{'+' if figure > 0 else '−'}{abs(figure):.1f}"


def dollars(amount: str | Decimal) -> str:
    """Return whole dollars with thousands separators, a half away from zero."""
    whole = Decimal(amount).quantize(Decimal(1), ROUND_HALF_UP)
    return f"{'−' if whole < 0 else ''}${abs(whole):,}"


def long_date(date: dt.date) -> str:
    """Return `Monday 6 July 2026`."""
    return f"{date:%A} {date.day} {date:%B %Y}"


def utc_text(instant: dt.datetime | None) -> str | None:
    """Return a moment as JSON has it, in UTC: `2026-03-02T12:00:00Z`; null stays null."""
    return None if instant is None else instant.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def eastern(instant: dt.datetime) -> str:
    """Return a moment as the desk's clock shows it: `Tue 7 Jul 07:00 ET`."""
    local = instant.astimezone(EASTERN)
    return f"{local:%a} {local.day} {local:%b %H:%M} ET"


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return `1 session`, `1,204 sessions`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
