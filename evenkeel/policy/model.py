"""What a policy may say: one YAML document, dated, versioned, with an author and a reason.

Ratios are fractions (0.05 is five per cent). Nothing here reads a file or a clock.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import AwareDatetime, BeforeValidator, Field, model_validator

from data_contracts.vocab import (
    AssetClass,
    BandSource,
    BreakKind,
    Cadence,
    HowFar,
    Segment,
    Urgency,
    Workflow,
)
from evenkeel.policy.approval import ApprovalRule
from evenkeel.policy.costs import CostRules
from evenkeel.policy.orders import OrderRule
from evenkeel.policy.part import Fraction
from evenkeel.policy.part import Part as _Part

COMPARE_TOLERANCE = 1e-9
"""The one tolerance of all threshold comparisons: a weight on its bound, up to this, is inside."""


class Sides(_Part):
    """A distance from target, below and above it; a single number stands for both."""

    below: float = Field(ge=0)
    above: float = Field(ge=0)


def _both_sides(value: object) -> object:
    return {"below": value, "above": value} if isinstance(value, int | float) else value


TwoSided = Annotated[Sides, BeforeValidator(_both_sides)]


class Band(_Part):
    """How far a weight may be from its target.

    `absolute`: in weight (0.05: from 0.40 to 0.35 and 0.45). `relative`: as a share of the target (0.25: from 0.40 to 0.30 and
    0.50). `dollar_usd`: in dollars. `combine` says whether any one exceeded is a breach (the narrowest decides) or all must be
    (the widest decides).
    """

    absolute: TwoSided | None = None
    relative: TwoSided | None = None
    dollar_usd: TwoSided | None = None
    combine: Literal["any", "all"] = "any"

    @model_validator(mode="after")
    def _says_something(self) -> Band:
        if self.absolute is None and self.relative is None and self.dollar_usd is None:
            raise ValueError("a band needs at least one of absolute, relative, dollar_usd")
        return self


def _plain_band(value: object) -> object:
    return {"absolute": value} if isinstance(value, int | float) else value


BandRule = Annotated[Band, BeforeValidator(_plain_band)]
"""A band; a plain number is an absolute one."""


class BandSet(_Part):
    """Bands of one level: for all classes, by class, and apart for taxable and tax-advantaged portfolios where they differ.

    Looked up in this order: `taxable`/`advantaged` by class, then as a whole, then `classes`, then `band`.
    """

    band: BandRule | None = None
    classes: dict[AssetClass, BandRule] = Field(default_factory=dict)
    taxable: BandSet | None = None
    advantaged: BandSet | None = None


class Tier(_Part):
    """A tier by value: its name, the value from which it holds, its bands and urgency."""

    tier: str
    from_usd: float = Field(ge=0)
    bands: BandSet = BandSet()
    urgency: Urgency
    workflow: Workflow | None = None
    cadence: Cadence | None = None


class SegmentRule(_Part):
    """What a segment changes. `harvest_look` is the narrow band that raises a look for losses, not trades that realise gains."""

    bands: BandSet = BandSet()
    harvest_look: BandRule | None = None
    urgency: Urgency | None = None
    workflow: Workflow | None = None
    cadence: Cadence | None = None


class PortfolioRule(_Part):
    """What the policy says about one portfolio (level `account` in the order of precedence), with its own reason."""

    portfolio_id: str
    reason: str
    bands: BandSet = BandSet()
    urgency: Urgency | None = None
    workflow: Workflow | None = None
    cadence: Cadence | None = None
    how_far: HowFar | None = None


class CalendarRule(_Part):
    """Looks by calendar: the first session of each period. At a look, drift from `min_drift_frac` on counts."""

    frequency: Literal["monthly", "quarterly", "semi_annual", "annual"] = "quarterly"
    min_drift_frac: Fraction = 0.005


class HybridRule(_Part):
    """Calendar look with a threshold overlay.

    At a look the band counts; between looks only drift past `override_multiple` times the band's width, or an IPS limit, does.
    """

    frequency: Literal["monthly", "quarterly", "semi_annual", "annual"] = "quarterly"
    override_multiple: float = Field(2.0, ge=1)


class TieredRule(_Part):
    """Small drift partial, large drift full: past `large_multiple` times the band's width a breach is large."""

    large_multiple: float = Field(2.0, ge=1)
    small_how_far: HowFar = HowFar.MIDPOINT
    large_how_far: HowFar = HowFar.TARGET


class VolatilityRule(_Part):
    """Tolerances widen by `factor` while the indicator's latest reading is at or above `at_or_above`, never past the IPS limits.

    A reading older than `max_age_sessions` widens nothing, and the run says so.
    """

    indicator: str = "VIX"
    at_or_above: float
    factor: float = Field(ge=1)
    max_age_sessions: int = Field(1, ge=0)
    doubt_jump_frac: float = Field(
        0.4,
        gt=0,
        description="A reading that moves further in a session, and equities did not go the other way, is in doubt.",
    )


class IlliquidRule(_Part):
    """Privately priced holdings: how old a price may be, and how often and how widely they are judged."""

    max_price_age_sessions: int = Field(95, ge=0)
    frequency: Literal["monthly", "quarterly", "semi_annual", "annual"] = "quarterly"
    band: BandRule = Band(absolute=Sides(below=0.05, above=0.05))


class CashRule(_Part):
    """Cash that is spoken for counts as gone from `reserve_days` before it is due."""

    reserve_days: int = Field(30, ge=0)
    shortfall_urgency: Urgency = Urgency.SAME_DAY


class Tolerances(_Part):
    """Up to where two figures are the same. Money in the row's currency; a difference passes if either bound admits it."""

    value_abs: float = Field(0.02, ge=0)
    value_rel_frac: float = Field(0.00005, ge=0)
    lots_qty: float = Field(0.0001, ge=0)
    lots_cost_abs: float = Field(1.0, ge=0)
    total_abs: float = Field(1.0, ge=0)
    reject_share_frac: float = Field(
        0.05, description="A file with a larger share of unreadable rows is stopped whole."
    )


class ReconciliationRule(_Part):
    """Up to where a custodian agrees with what it is held against, and what an open difference does.

    Money in dollars; where two bounds are given a difference passes if either admits it. `outcome_frac` is how much a severity may
    differ and still be the same outcome.
    """

    quantity_abs: float = Field(0.0001, ge=0)
    price_rel_frac: float = Field(0.0005, ge=0, description="Listed securities and funds.")
    evaluated_price_rel_frac: float = Field(0.02, ge=0, description="Bonds and what else is evaluated.")
    value_abs: float = Field(1.0, ge=0)
    value_rel_frac: float = Field(0.0005, ge=0)
    cost_abs: float = Field(1.0, ge=0)
    cost_rel_frac: float = Field(0.0001, ge=0)
    cash_abs: float = Field(1.0, ge=0)
    price_jump_frac: float = Field(
        0.25, gt=0, description="A listed price that moves further in a session needs another source."
    )
    outcome_frac: Fraction = 0.0005
    stops: tuple[BreakKind, ...] = Field(
        tuple(BreakKind),
        description="Kinds of open differences to the portfolio system that stop; the others are notes.",
    )


class GateRule(_Part):
    """What a custodian's delivery of a night must keep to as a whole; ratios are to the median of the nights before.

    A ratio is judged once `min_sessions` nights are known; a share once `min_count` accounts fall under it, so that two bad accounts of
    ten do not stop the other eight.
    """

    window_sessions: int = Field(20, ge=1)
    min_sessions: int = Field(3, ge=1)
    accounts_ratio: tuple[float, float] = (0.9, 1.25)
    rows_ratio: tuple[float, float] = (0.8, 1.25)
    value_ratio: tuple[float, float] = (0.75, 1.35)
    min_priced_frac: Fraction = 0.98
    max_unchanged_frac: Fraction = 0.8
    min_unchanged_count: int = Field(5, ge=1)
    max_break_frac: Fraction = 0.2
    max_quarantined_frac: Fraction = 0.3
    min_count: int = Field(5, ge=1)


class PriorityWeights(_Part):
    """Points out of 100 that each term can give; they are scaled to sum to 100."""

    drift: float = Field(30.0, ge=0)
    ips_limit: float = Field(15.0, ge=0)
    risk: float = Field(20.0, ge=0)
    horizon: float = Field(10.0, ge=0)
    value: float = Field(10.0, ge=0)
    tax: float = Field(5.0, ge=0)
    age: float = Field(10.0, ge=0)


class TradingRule(CostRules):
    """What trades may cost, and what they are worth. Shares are of the dollars traded.

    Defaults are round figures to start from, not measured ones: a firm sets its own. Rates are the highest federal ones (26 U.S.C. 1).

    `target_cost_frac`: what a dollar off target is worth avoiding: a dollar moved from a class above target to one below saves twice
    this, so as much tax and cost is paid for it. `band_cost_frac`: the same of a dollar outside a band; far above any tax.
    `cash_floor_cost_frac`: of a dollar that lacks of cash that must stay; never less than what bands and tax could outbid.
    """

    target_cost_frac: float = Field(0.02, ge=0)
    band_cost_frac: float = Field(2.0, ge=0)
    cash_floor_cost_frac: float = Field(4.0, ge=0)
    min_trade_usd: float = Field(100.0, ge=0)
    fractional: tuple[str, ...] = Field((), description="Custodians that take orders for thousandths of a share.")
    bond_step_qty: float = Field(1000.0, gt=0, description="Units that an order for a bond is a multiple of.")
    short_term_rate_frac: Fraction = Field(0.37, description="Where a tax unit states no rate.")
    long_term_rate_frac: Fraction = Field(0.20, description="Where a tax unit states no rate.")
    carried_loss_value_frac: Fraction = Field(
        0.0, description="What a dollar of loss carried to later years is worth: gains that use it up cost so much."
    )
    wash_limit_usd: float = Field(
        50.0, ge=0, description="A sale that would have more of its loss disallowed is not proposed."
    )
    harvest_loss_frac: Fraction = Field(0.10, description="Lots that are down by this share may be harvested.")
    harvest_min_usd: float = Field(100.0, ge=0, description="Least benefit that is told.")
    is_harvested_with_rebalance: bool = Field(False, description="A rebalance may also sell losses it does not need.")
    turnover_budget_frac: Fraction | None = Field(
        None, description="Most that one proposal sells in an account, as a share of its value. Null: no limit."
    )
    wait_days: int = Field(45, ge=0, description="How soon a lot must become long-term to wait for it.")
    wait_min_usd: float = Field(250.0, ge=0, description="Least tax saved that is worth waiting for.")
    max_issuer_frac: Fraction = Field(0.10, description="Funds, government bonds and cash are exempt.")
    max_sector_frac: Fraction | None = Field(
        None,
        description="Of the value in one economic sector; what is of no one sector is exempt. Null: not looked at.",
    )


class RiskRule(_Part):
    """Volatility a year by class and how classes move together: the firm's own assumptions, not a forecast.

    Correlation of two growth classes, of two defensive ones, and across; a class with itself 1.
    """

    volatility: dict[AssetClass, float] = Field(
        default_factory=lambda: {
            AssetClass.US_EQUITY: 0.16,
            AssetClass.INTL_EQUITY: 0.17,
            AssetClass.EMERGING_EQUITY: 0.21,
            AssetClass.US_BOND: 0.05,
            AssetClass.INTL_BOND: 0.05,
            AssetClass.MUNI_BOND: 0.05,
            AssetClass.INFLATION_BOND: 0.06,
            AssetClass.HIGH_YIELD_BOND: 0.09,
            AssetClass.REAL_ESTATE: 0.19,
            AssetClass.COMMODITY: 0.17,
            AssetClass.ALTERNATIVE: 0.08,
            AssetClass.PRIVATE: 0.20,
            AssetClass.BALANCED: 0.10,
            AssetClass.OPTION: 0.40,
            AssetClass.CASH: 0.0,
            AssetClass.OTHER: 0.16,
        }
    )
    growth_correlation: float = Field(0.75, ge=0, le=1)
    defensive_correlation: float = Field(0.6, ge=0, le=1)
    cross_correlation: float = Field(0.1, ge=0, le=1)

    @model_validator(mode="after")
    def _is_possible(self) -> RiskRule:
        if self.cross_correlation**2 > self.growth_correlation * self.defensive_correlation:
            raise ValueError(
                "cross_correlation is too high for the other two (its square is above their product): some weights would have a "
                "variance below zero; lower it, or raise them"
            )
        return self


class Policy(_Part):
    """One version of one policy."""

    policy_id: str
    version: int = Field(ge=1)
    effective_date: dt.date
    recorded_at: AwareDatetime
    author: str = Field(min_length=1)
    reason: str = Field(min_length=1)

    precedence: tuple[BandSource, ...] = (BandSource.ACCOUNT, BandSource.IPS, BandSource.SEGMENT, BandSource.TIER)
    default_band: BandRule = Band(absolute=Sides(below=0.05, above=0.05))
    sleeve_band: BandRule | None = None
    security_band: BandRule | None = None
    tier_by: Literal["household_value", "portfolio_value"] = "household_value"
    tiers: tuple[Tier, ...] = ()
    segments: dict[Segment, SegmentRule] = Field(default_factory=dict)
    portfolios: tuple[PortfolioRule, ...] = ()

    workflow: Workflow = Workflow.THRESHOLD
    cadence: Cadence = Cadence.DAILY
    weekly_on: Literal["monday", "tuesday", "wednesday", "thursday", "friday"] = "friday"
    urgency: Urgency = Urgency.HOURS_48
    calendar: CalendarRule = CalendarRule()
    hybrid: HybridRule = HybridRule()
    tiered: TieredRule = TieredRule()
    how_far: HowFar = HowFar.TARGET
    partial_frac: Fraction = 0.5
    volatility: VolatilityRule | None = None
    illiquid: IlliquidRule = IlliquidRule()
    cash: CashRule = CashRule()

    cooldown_days: int = Field(31, ge=0, description="Calendar days that a declined or deferred alert stays quiet.")
    growth_step_frac: Fraction = Field(0.01, description="Growth of severity that ends a quiet.")
    ips_review_days: int = Field(365, ge=1, description="An IPS whose last review is older is flagged.")

    deadline: dt.time = Field(dt.time(7, 0), description="Eastern time on the next session at which the day closes.")
    weekend_as_of: Literal["stop", "previous_session"] = "stop"
    max_price_age_sessions: int = Field(0, ge=0, description="Sessions that a listed security's price may be old.")
    household_waits: Literal["household", "portfolio"] = "household"
    tolerances: Tolerances = Tolerances()
    reconciliation: ReconciliationRule = ReconciliationRule()
    gates: GateRule = GateRule()
    max_fx_age_sessions: int = Field(1, ge=0, description="Sessions that an exchange rate may be old.")
    priority: PriorityWeights = PriorityWeights()
    trading: TradingRule = TradingRule()
    orders: OrderRule = OrderRule()
    risk: RiskRule = RiskRule()
    approval: ApprovalRule = ApprovalRule()

    @property
    def label(self) -> str:
        """Return `policy_id/version`, as it stands on every alert."""
        return f"{self.policy_id}/{self.version}"

    @model_validator(mode="after")
    def _tiers_descend(self) -> Policy:
        bounds = [tier.from_usd for tier in self.tiers]
        if bounds and (bounds != sorted(bounds, reverse=True) or len(set(bounds)) != len(bounds) or bounds[-1] != 0):
            raise ValueError("tiers must be listed from the highest from_usd down, each bound once, the last from 0")
        if BandSource.DEFAULT in self.precedence or len(set(self.precedence)) != len(self.precedence):
            raise ValueError(
                "precedence lists account, ips, segment, tier in some order, each at most once; default is always last"
            )
        return self
