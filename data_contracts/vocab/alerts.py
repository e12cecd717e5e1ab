"""What is judged and decided: bands, workflows, looks, episodes, decisions, coverage."""

from __future__ import annotations

from enum import StrEnum


class BandSource(StrEnum):
    """Which level of the policy's order of precedence decided a band."""

    ACCOUNT = "account"
    IPS = "ips"
    SEGMENT = "segment"
    TIER = "tier"
    DEFAULT = "default"


class Workflow(StrEnum):
    """When a portfolio is looked at and what triggers."""

    CALENDAR = "calendar"
    THRESHOLD = "threshold"
    HYBRID = "hybrid"
    TIERED = "tiered"


class Cadence(StrEnum):
    """How often a portfolio is looked at between calendar dates."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    SEMI_ANNUAL = "semi_annual"
    ANNUAL = "annual"


class HowFar(StrEnum):
    """How far back a rebalance goes."""

    TARGET = "target"
    MIDPOINT = "midpoint"
    EDGE = "edge"
    PARTIAL = "partial"


class Urgency(StrEnum):
    """How soon a person must act."""

    SAME_DAY = "same_day"
    HOURS_48 = "48_hours"
    WEEKLY_BATCH = "weekly_batch"


class Rule(StrEnum):
    """What raised a breach; one portfolio has at most one open episode a rule."""

    DRIFT = "drift"
    CASH_SHORTFALL = "cash_shortfall"
    HARVEST_LOOK = "harvest_look"


class LookStatus(StrEnum):
    """Whether a portfolio was looked at on a date."""

    DUE = "due"
    NOT_DUE = "not_due"
    UNMEASURED = "unmeasured"


class EpisodeStatus(StrEnum):
    """Where an episode stands on a date."""

    OPEN = "open"
    QUIET = "quiet"
    IN_FLIGHT = "in_flight"
    FROZEN = "frozen"
    CLOSED = "closed"


class DecisionKind(StrEnum):
    """What a person said to an alert, short of approving it."""

    SNOOZE = "snooze"
    DECLINE = "decline"
    DEFER = "defer"


class CoverageStatus(StrEnum):
    """What became of an enabled account in a run; every one has exactly one."""

    SCANNED = "scanned"
    WAITING = "waiting"
    QUARANTINED = "quarantined"
    SUSPENDED = "suspended"
    STATE_HOLD = "state_hold"
    HOUSEHOLD_WAITS = "household_waits"
    NO_MODEL = "no_model"
