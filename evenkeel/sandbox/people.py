"""What the practice consists of: its records, as plain values."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum

from data_contracts.vocab import AccountState, Cadence, FilingStatus, Registration, ReliefMethod, Segment, TaxStatus


class Custodian(StrEnum):
    """The three custodians and the plans' record keeper; also the names of their feeds."""

    SCHWAB = "schwab"
    FIDELITY = "fidelity"
    IBKR = "ibkr"
    PLANS = "plans"


@dataclass(frozen=True)
class Adviser:
    """An adviser."""

    adviser_id: str
    name: str
    team: str
    escalates_to: str | None
    is_senior: bool


@dataclass(frozen=True)
class Household:
    """A household; `number` counts from 0 and decides what is special about it."""

    household_id: str
    number: int
    name: str
    adviser_id: str
    note: str | None


@dataclass(frozen=True)
class TaxUnit:
    """A taxpayer or couple. Rates in thousandths, money in dollars."""

    tax_unit_id: str
    filing: FilingStatus
    short_rate: int
    long_rate: int
    state_rate: int
    income: int
    carry_short: int | None
    carry_long: int | None


@dataclass
class Account:
    """A custodial account; `place` is its index in all arrays."""

    place: int
    account_id: str
    household: int
    portfolio: int
    tax_unit_id: str
    custodian: Custodian
    number: str
    name: str
    registration: Registration
    tax_status: TaxStatus
    is_discretionary: bool
    relief: ReliefMethod
    state: AccountState
    opened: dt.date | None
    does_reinvest: bool
    value_usd: int
    """What it is worth at the start, roughly."""
    is_cash_only: bool = False
    stock_share: int = 0
    """Per cent of its core US fund that an old stock position takes the place of."""
    stock: str | None = None
    uses_funds: bool = False


@dataclass
class Portfolio:
    """What is measured against one model (`model`: index in `MODELS`, None for a client not yet matched)."""

    place: int
    portfolio_id: str
    household: int
    name: str
    model: int | None
    segment: Segment | None
    cadence: Cadence | None
    accounts: list[int] = field(default_factory=list)
    risk_score: int = 50
    horizon_years: int = 20
    review_age_days: int = 100
    has_limits: bool = False
    has_bands: bool = False


@dataclass
class Practice:
    """The whole practice."""

    first_date: dt.date
    advisers: list[Adviser] = field(default_factory=list)
    households: list[Household] = field(default_factory=list)
    tax_units: list[TaxUnit] = field(default_factory=list)
    portfolios: list[Portfolio] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)

    def custodians(self) -> list[Custodian]:
        """Return the custodians that hold an account, in their own order."""
        used = {account.custodian for account in self.accounts}
        return [custodian for custodian in Custodian if custodian in used]
