"""What reports are made from: frames of a home, read once for a period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from data_contracts.alerts import Alerts
from data_contracts.book.accounts import Accounts
from data_contracts.coverage import Coverage
from data_contracts.decisions import Decisions
from data_contracts.execution_differences import ExecutionDifferences
from data_contracts.fields import INSTANT_DTYPE, MONEY_DTYPE
from data_contracts.fills import Fills
from data_contracts.order_allocations import OrderAllocations
from data_contracts.orders import Orders
from evenkeel.reports.period import Period

DAYS = pl.Schema(
    {
        "business_date": pl.Date(),
        "portfolio_id": pl.String(),
        "household_id": pl.String(),
        "adviser_id": pl.String(),
        "model_id": pl.String(),
        "value_usd": MONEY_DTYPE,
        "max_drift_frac": pl.Float64(),
        "is_outside": pl.Boolean(),
    }
)
"""A row per session and measured portfolio. `max_drift_frac`: largest distance of an asset class from the model's share, either way;
`is_outside`: some weight is outside its band."""
CASES = pl.Schema(
    {
        "proposal_id": pl.String(),
        "alert_id": pl.String(),
        "run_id": pl.String(),
        "business_date": pl.Date(),
        "adviser_id": pl.String(),
        "household_id": pl.String(),
        "portfolio_id": pl.String(),
        "kind": pl.String(),
        "state": pl.String(),
        "value_usd": MONEY_DTYPE,
        "modifies": pl.String(),
        "opened_at": INSTANT_DTYPE,
        "line": pl.String(),
        "is_discretionary": pl.Boolean(),
        "account_ids": pl.List(pl.String()),
        "failed_checks": pl.List(pl.String()),
        "digest": pl.String(),
        "drift_before_frac": pl.Float64(),
        "drift_after_frac": pl.Float64(),
        "trade_count": pl.Int64(),
        "sold_usd": MONEY_DTYPE,
        "net_tax_usd": MONEY_DTYPE,
    }
)
"""A row per case, as it stands (`ports.approvals.Case`)."""
CONSENTS = pl.Schema(
    {
        "consent_id": pl.String(),
        "proposal_id": pl.String(),
        "position": pl.Int64(),
        "kind": pl.String(),
        "person_id": pl.String(),
        "state": pl.String(),
        "started_at": INSTANT_DTYPE,
        "due_at": INSTANT_DTYPE,
        "given_by": pl.String(),
        "given_role": pl.String(),
        "given_at": INSTANT_DTYPE,
        "reason": pl.String(),
        "version_seen": pl.Int64(),
        "digest_seen": pl.String(),
    }
)
"""A row per needed yes (`ports.approvals.Consent`)."""
STEPS = pl.Schema(
    {
        "proposal_id": pl.String(),
        "version": pl.Int64(),
        "step": pl.String(),
        "from_state": pl.String(),
        "to_state": pl.String(),
        "actor": pl.String(),
        "role": pl.String(),
        "at": INSTANT_DTYPE,
        "reason": pl.String(),
    }
)
"""A row per step taken (`ports.approvals.Entry`)."""
MESSAGES = pl.Schema(
    {
        "message_id": pl.String(),
        "kind": pl.String(),
        "channel": pl.String(),
        "recipient_ref": pl.String(),
        "subject_id": pl.String(),
        "state": pl.String(),
        "queued_at": INSTANT_DTYPE,
        "sent_at": INSTANT_DTYPE,
    }
)
"""A row per message that was addressed (`ports.messages.StoredMessage`); `subject_id` is its proposal's."""


@dataclass(frozen=True)
class Facts:
    """What is known of a period.

    Attributes:
        period: What the report is about.
        as_of_at: Nothing later than this counts.
        firm: A name for the firm; also what its samples are drawn by.
        sessions: Sessions of the period that were run, oldest first.
        run_ids: The run that counts, by date in ISO form.
        days: `DAYS`; also some sessions before and after the period.
        coverage: `data_contracts.coverage` of the period's sessions.
        accounts: `data_contracts.book.accounts` as of the period's last run.
        alerts: `data_contracts.alerts` of the period's sessions and the one before.
        decisions: `data_contracts.decisions`, all.
        cases: `CASES`, all.
        consents: `CONSENTS` of all cases.
        steps: `STEPS` of all cases.
        messages: `MESSAGES`.
        orders: `data_contracts.orders`.
        allocations: `data_contracts.order_allocations`.
        fills: `data_contracts.fills`.
        differences: `data_contracts.execution_differences`.
        is_execution_kept: Orders and fills are kept by this home; False: their frames say nothing.
        reviews: Sign-offs of supervisory reviews: events of the trail.
    """

    period: Period
    as_of_at: dt.datetime
    firm: str = "evenkeel"
    sessions: Sequence[dt.date] = ()
    run_ids: Mapping[str, str] = field(default_factory=dict)
    days: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=DAYS))
    coverage: pl.DataFrame = field(default_factory=Coverage.empty_frame)
    accounts: pl.DataFrame = field(default_factory=Accounts.empty_frame)
    alerts: pl.DataFrame = field(default_factory=Alerts.empty_frame)
    decisions: pl.DataFrame = field(default_factory=Decisions.empty_frame)
    cases: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=CASES))
    consents: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=CONSENTS))
    steps: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=STEPS))
    messages: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=MESSAGES))
    orders: pl.DataFrame = field(default_factory=Orders.empty_frame)
    allocations: pl.DataFrame = field(default_factory=OrderAllocations.empty_frame)
    fills: pl.DataFrame = field(default_factory=Fills.empty_frame)
    differences: pl.DataFrame = field(default_factory=ExecutionDifferences.empty_frame)
    is_execution_kept: bool = False
    reviews: Sequence[Mapping[str, Any]] = ()

    @property
    def until_at(self) -> dt.datetime:
        """Return the end of what counts: the period's, or now where it is not over."""
        return min(self.period.ends_at, self.as_of_at)

    @property
    def is_period_over(self) -> bool:
        """Return whether the whole period lies in the past."""
        return self.period.ends_at <= self.as_of_at

    def is_by_then(self, instant: dt.datetime) -> bool:
        """Return whether an instant is before the period's end and not after the moment the report is made."""
        return instant < self.period.ends_at and instant <= self.as_of_at

    def has(self, instant: dt.datetime | None) -> bool:
        """Return whether an instant lies in the part of the period that counts."""
        return instant is not None and self.period.starts_at <= instant and self.is_by_then(instant)
