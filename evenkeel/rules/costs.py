"""What a trade costs, and when it is too small to propose.

Three costs, each to the cent, half to even: the custodian's commission by its fee schedule, half the quoted spread, and a fund's
redemption fee on units redeemed early (17 CFR 270.22c-2: at most 2 % of their value, for a period of seven days or longer; a fund counts
first in, first out whatever lots are sold for tax). All of it is data; nothing is assumed for a custodian or kind of security that the
policy does not list: the outcome is then `cost_unknown`. A fund that the policy lists no redemption fee for has none.

    commission = ticket + per unit x units + share of value (+ share of value when selling), within its minimum and maximum
    half spread = half-spread rate x value
    redemption fee = fee rate x value of the early units (value x early units / units sold, to the cent)

The rule: a trade smaller than its cost, or than the minimum, is not proposed (TRD-10); nor one too small for its ticket or
least commission, which an order costs whatever its size. Tax belongs in `netting`, market impact nowhere yet.
`costs_many` is the same over a frame.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from data_contracts.vocab import AssetType, OrderSide
from evenkeel.rules.holding_period import days_held
from evenkeel.rules.whole_numbers import PARTS, QUANTA, cents, half_even, parts, quanta, share_of, units, usd

PER_UNIT_PARTS = 10**4
"""A commission per unit is taken to a millionth of a dollar: a ten-thousandth of a cent."""


class CostOutcome(StrEnum):
    """Why a trade is not proposed for what it costs."""

    COST_UNKNOWN = "cost_unknown"
    BELOW_MINIMUM = "below_minimum"
    BELOW_COST = "below_cost"


@dataclass(frozen=True, slots=True)
class Commission:
    """A line of a custodian's fee schedule. `sell_value_frac` is for what sellers alone pay (the SEC's fee under section 31)."""

    ticket_usd: Decimal = Decimal(0)
    per_unit_usd: Decimal = Decimal(0)
    value_frac: float = 0.0
    sell_value_frac: float = 0.0
    min_usd: Decimal = Decimal(0)
    max_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class RedemptionFee:
    """A fund's fee on units held less than `holding_days` days (the day after purchase is the first)."""

    fee_frac: float
    holding_days: int


@dataclass(frozen=True)
class CostPolicy:
    """Everything a cost depends on. `security_half_spreads` comes before `half_spreads` (by kind), both as shares of the price.

    A trade is worth its cost when `value >= value_over_cost x cost` and `value >= value_over_ticket x fixed_cents`;
    `minimum_trade_usd` is the least value that is proposed.
    """

    commissions: Mapping[tuple[str, AssetType], Commission]
    half_spreads: Mapping[AssetType, float]
    security_half_spreads: Mapping[str, float] = field(default_factory=dict)
    redemption_fees: Mapping[str, RedemptionFee] = field(default_factory=dict)
    minimum_trade_usd: Decimal = Decimal(0)
    value_over_cost: float = 1.0
    value_over_ticket: float = 0.0

    def __post_init__(self) -> None:
        if self.value_over_cost < 1:
            raise ValueError("cost policy: value_over_cost is below 1, so a trade smaller than its cost would pass")
        if self.value_over_ticket < 0:
            raise ValueError(
                "cost policy: value_over_ticket is below 0; give how many times its ticket an order is worth"
            )


@dataclass(frozen=True, slots=True)
class Trade:
    """What is bought or sold. `early_qty`: units within the fund's redemption period (`early_units`); null is not known."""

    custodian: str
    security_id: str
    asset_type: AssetType
    side: OrderSide
    trade_qty: Decimal
    value_usd: Decimal
    early_qty: Decimal | None = None


@dataclass(frozen=True, slots=True)
class TradeCost:
    """What it costs, >= 0, and why it is not proposed (null: it may be). Costs are null where one of them is not known."""

    commission_usd: Decimal | None
    half_spread_usd: Decimal | None
    redemption_fee_usd: Decimal | None
    cost_usd: Decimal | None
    why_not: CostOutcome | None


def early_units(
    lots: Sequence[tuple[dt.date, Decimal]], sale_qty: Decimal, sold_date: dt.date, holding_days: int
) -> Decimal:
    """Return how many of the units sold were held less than `holding_days`, first in, first out.

    Args:
        lots: Date acquired and units held, in any order.
        sale_qty: Units sold, at most those held.
        sold_date: Trade date of the sale.
        holding_days: The fund's period.
    """
    left, early = quanta(sale_qty), 0
    for acquired_date, held_qty in sorted(lots):
        take = min(left, quanta(held_qty))
        left -= take
        if days_held(acquired_date, sold_date) < holding_days:
            early += take
    return units(early)


def commission_cents(line: Commission, side: OrderSide, qty: int, value: int) -> int:
    """Return the commission in cents, of units in quanta and value in cents."""
    by_unit = half_even(parts(float(line.per_unit_usd)) * qty, PER_UNIT_PARTS * QUANTA)
    rate = parts(line.value_frac) + (parts(line.sell_value_frac) if side == OrderSide.SELL else 0)
    full = cents(line.ticket_usd) + by_unit + half_even(rate * value, PARTS)
    least = max(full, cents(line.min_usd))
    return least if line.max_usd is None else min(least, cents(line.max_usd))


def fixed_cents(line: Commission) -> int:
    """Return what an order costs whatever its size, in cents: its ticket or the least commission, at most the largest."""
    least = max(cents(line.ticket_usd), cents(line.min_usd))
    return least if line.max_usd is None else min(least, cents(line.max_usd))


def trade_cost(trade: Trade, policy: CostPolicy) -> TradeCost:
    """Return what a trade costs and whether it is too small to propose."""
    qty, value = quanta(trade.trade_qty), cents(trade.value_usd)
    line = policy.commissions.get((trade.custodian, trade.asset_type))
    spread = policy.security_half_spreads.get(trade.security_id, policy.half_spreads.get(trade.asset_type))
    commission = None if line is None else commission_cents(line, trade.side, qty, value)
    half_spread = None if spread is None else half_even(parts(spread) * value, PARTS)
    redemption = _redemption(trade, policy, qty, value)
    if commission is None or half_spread is None or redemption is None or qty <= 0 or value <= 0:
        return TradeCost(_usd(commission), _usd(half_spread), _usd(redemption), None, CostOutcome.COST_UNKNOWN)
    assert line is not None
    cost = commission + half_spread + redemption
    why_not = None
    if value < cents(policy.minimum_trade_usd):
        why_not = CostOutcome.BELOW_MINIMUM
    elif value * PARTS < max(parts(policy.value_over_cost) * cost, parts(policy.value_over_ticket) * fixed_cents(line)):
        why_not = CostOutcome.BELOW_COST
    return TradeCost(usd(commission), usd(half_spread), usd(redemption), usd(cost), why_not)


def _redemption(trade: Trade, policy: CostPolicy, qty: int, value: int) -> int | None:
    fee = policy.redemption_fees.get(trade.security_id)
    if fee is None or trade.side != OrderSide.SELL:
        return 0
    if trade.early_qty is None:
        return None
    return half_even(parts(fee.fee_frac) * share_of(value, quanta(trade.early_qty), qty), PARTS)


def _usd(whole_cents: int | None) -> Decimal | None:
    return None if whole_cents is None else usd(whole_cents)
