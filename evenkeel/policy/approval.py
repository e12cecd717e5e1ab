"""What a policy says of consent: whom a proposal is shown to, how long each may take, what silence does. `evenkeel.approval` applies it."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field, model_validator

from data_contracts.vocab import AssetClass, RebalanceKind, TimeUnit
from evenkeel.policy.part import Fraction, Part

FirmLevel = Literal["adviser", "senior_adviser"]


class Period(Part):
    """A length of time. Hours are elapsed hours; business hours and days are counted in `evenkeel.approval.clocks`."""

    amount: int = Field(ge=1)
    unit: TimeUnit = TimeUnit.HOURS


def _hours(amount: int) -> Period:
    return Period(amount=amount)


class ApprovalRow(Part):
    """A line of the table by value: up to where it holds, who says yes in the firm, and how long the client has."""

    name: str
    under_usd: float | None = Field(
        None, gt=0, description="Holds below this value; null: the last line, for all above."
    )
    firm: tuple[FirmLevel, ...] = Field(("adviser",), min_length=1, description="Each is another person.")
    client_within: Period


class CommitteeRule(Part):
    """An institution's committee: who sits on it, how many must say yes, which documents they must have."""

    members: tuple[str, ...] = Field((), description="Empty: the owners that the book names for the accounts.")
    quorum: int | None = Field(None, ge=1, description="Null: more than half.")
    documents: tuple[str, ...] = ("proposal", "IPS")
    within: Period = Period(amount=5, unit=TimeUnit.BUSINESS_DAYS)


class AdviserClock(Part):
    """How long the firm's own people may take."""

    reminder: Period = _hours(24)
    escalation: Period = _hours(48)
    after_escalation: Period = _hours(24)


class SmallTrades(Part):
    """Discretionary lists so small that silence may let them go; the only ones for which it can."""

    is_executed_on_timeout: bool = False
    under_usd: float = Field(5_000.0, gt=0, description="All sales and purchases of the list together.")
    max_tax_usd: float = Field(0.0, ge=0)


def _table() -> tuple[ApprovalRow, ...]:
    return (
        ApprovalRow(name="under 100k", under_usd=100_000, client_within=_hours(72)),
        ApprovalRow(name="100k to 500k", under_usd=500_000, client_within=_hours(48)),
        ApprovalRow(name="500k and above", firm=("senior_adviser",), client_within=_hours(24)),
    )


class ApprovalRule(Part):
    """Who must say yes to a proposal, by when, and what follows if nobody does."""

    profile: Literal["auto", "firm", "firm_of_one"] = Field(
        "auto", description="`auto`: a firm of one where advisers.csv has one person."
    )
    value_by: Literal["portfolio_value", "household_value", "trades_value"] = "portfolio_value"
    rows: tuple[ApprovalRow, ...] = Field(default_factory=_table)
    committee: CommitteeRule = CommitteeRule()
    complex_kinds: tuple[RebalanceKind, ...] = (RebalanceKind.HARVEST_ONLY, RebalanceKind.HARVEST_AND_REBALANCE)
    complex_classes: tuple[AssetClass, ...] = (AssetClass.ALTERNATIVE, AssetClass.PRIVATE)
    adviser_clock: AdviserClock = AdviserClock()
    client_reminder_frac: Fraction = Field(0.5, description="Of the client's time.")
    on_timeout: Literal["decline", "follow_up"] = "decline"
    escalates_to: Literal["principal", "compliance"] = "principal"
    small_trades: SmallTrades = SmallTrades()
    after_fill: Literal["short", "detailed"] = Field("short", description="How the client is told of what was traded.")
    opens: dt.time = Field(dt.time(9, 0), description="Business hours, Eastern.")
    closes: dt.time = Field(dt.time(17, 0), description="Business hours, Eastern.")
    price_tolerance_frac: float = Field(
        0.02, ge=0, description="A price further from the one approved ends the consent."
    )
    cash_tolerance_usd: float = Field(
        100.0, ge=0, description="Cash of an account further from what was approved does."
    )

    list_tolerance_frac: float = Field(
        0.10,
        ge=0,
        description="A newer list that differs by less, in dollars traded, is the same list: who decides is not asked anew.",
    )

    @model_validator(mode="after")
    def _is_whole(self) -> ApprovalRule:
        bounds = [row.under_usd for row in self.rows]
        if not bounds or bounds[-1] is not None or None in bounds[:-1]:
            raise ValueError("rows: the last line, and it alone, has no under_usd; it holds for all above")
        known = [bound for bound in bounds if bound is not None]
        if known != sorted(set(known)):
            raise ValueError("rows are listed from the lowest under_usd up, each bound once")
        if self.opens >= self.closes or self.opens.tzinfo or self.closes.tzinfo:
            raise ValueError("opens must be before closes, both Eastern time without a zone")
        if self.committee.members and (self.committee.quorum or 1) > len(self.committee.members):
            raise ValueError("committee.quorum is more than its members; lower it, or name more")
        return self
