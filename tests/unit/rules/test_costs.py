"""What a trade costs and when it is too small: answers worked out by hand."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import polars as pl
import pytest

from data_contracts.vocab import AssetType, OrderSide
from evenkeel.rules.costs import (
    Commission,
    CostOutcome,
    CostPolicy,
    RedemptionFee,
    Trade,
    TradeCost,
    early_units,
    fixed_cents,
    trade_cost,
)
from evenkeel.rules.costs_many import early_units_of_many
from tests.unit.rules.cost_frames import vectorised

POLICY = CostPolicy(
    commissions={
        ("schwab", AssetType.ETF): Commission(),
        ("schwab", AssetType.MUTUAL_FUND): Commission(ticket_usd=Decimal("49.95")),
        ("schwab", AssetType.BOND): Commission(per_unit_usd=Decimal(1), min_usd=Decimal(10), max_usd=Decimal(250)),
        ("ibkr", AssetType.STOCK): Commission(
            per_unit_usd=Decimal("0.0035"), sell_value_frac=0.000028, min_usd=Decimal("0.35")
        ),
        ("desk", AssetType.STOCK): Commission(value_frac=0.001, max_usd=Decimal(100)),
    },
    half_spreads={AssetType.ETF: 0.0001, AssetType.STOCK: 0.0005, AssetType.MUTUAL_FUND: 0.0, AssetType.BOND: 0.002},
    security_half_spreads={"THIN": 0.01},
    redemption_fees={"FUND": RedemptionFee(0.02, 30)},
    minimum_trade_usd=Decimal(100),
)
BUY, SELL = OrderSide.BUY, OrderSide.SELL


def both(trade: Trade, policy: CostPolicy = POLICY) -> TradeCost:
    found = trade_cost(trade, policy)
    assert vectorised([trade], policy) == [found]
    return found


def trade(
    kind: AssetType, qty: str, value: str, *, custodian: str = "schwab", side: OrderSide = BUY, security: str = "X"
) -> Trade:
    return Trade(custodian, security, kind, side, Decimal(qty), Decimal(value))


def test_half_the_spread_and_no_commission() -> None:
    found = both(trade(AssetType.ETF, "100", "12345.67"))
    assert (found.commission_usd, found.half_spread_usd, found.cost_usd) == (
        Decimal(0),
        Decimal("1.23"),
        Decimal("1.23"),
    )
    assert found.why_not is None


def test_a_securitys_own_spread_comes_before_its_kinds() -> None:
    assert both(trade(AssetType.ETF, "1", "1000", security="THIN")).half_spread_usd == Decimal("10.00")


@pytest.mark.parametrize(("qty", "expected"), [("5", "10.00"), ("40", "40.00"), ("1000", "250.00")])
def test_a_commission_stays_within_its_minimum_and_maximum(qty: str, expected: str) -> None:
    assert both(trade(AssetType.BOND, qty, "50000")).commission_usd == Decimal(expected)


def test_sellers_alone_pay_the_section_31_fee() -> None:
    bought = both(trade(AssetType.STOCK, "1000", "50000", custodian="ibkr"))
    sold = both(trade(AssetType.STOCK, "1000", "50000", custodian="ibkr", side=SELL))
    assert (bought.commission_usd, sold.commission_usd) == (Decimal("3.50"), Decimal("4.90"))


def test_a_share_of_the_value() -> None:
    assert both(trade(AssetType.STOCK, "1", "1234.50", custodian="desk")).commission_usd == Decimal("1.23")


def test_rule_22c_2_a_redemption_fee_on_early_units_only() -> None:
    sold = trade(AssetType.MUTUAL_FUND, "100", "10000", side=SELL, security="FUND")
    assert both(replace(sold, early_qty=Decimal(25))).redemption_fee_usd == Decimal("50.00")
    assert both(replace(sold, early_qty=Decimal(0))).redemption_fee_usd == Decimal(0)
    assert both(replace(sold, side=BUY)).redemption_fee_usd == Decimal(0)
    unknown = both(sold)
    assert (unknown.cost_usd, unknown.why_not) == (None, CostOutcome.COST_UNKNOWN)


def test_rule_22c_2_early_units_are_counted_first_in_first_out() -> None:
    lots = [(dt.date(2025, 3, 1), Decimal(50)), (dt.date(2025, 1, 2), Decimal(80))]
    assert early_units(lots, Decimal(100), dt.date(2025, 3, 30), 30) == Decimal(20)
    assert early_units(lots, Decimal(100), dt.date(2025, 3, 31), 30) == Decimal(0)
    assert early_units(lots, Decimal(80), dt.date(2025, 3, 2), 30) == Decimal(0)


def test_early_units_of_many_sales_at_once() -> None:
    sales = pl.DataFrame(
        {
            "trade_id": ["1", "2", "3", "4", "5"],
            "account_id": ["A", "B", "C", "A", "D"],
            "security_id": ["FUND", "FUND", "FUND", "OTHER", "FUND"],
            "trade_qty": [100, 100, 100, 5, 1],
            "sold_date": [dt.date(2025, 3, 30)] * 5,
        }
    )
    march, january = dt.date(2025, 3, 1), dt.date(2025, 1, 2)
    lots = pl.DataFrame(
        {
            "account_id": ["A", "A", "B", "B", "C"],
            "security_id": ["FUND"] * 5,
            "acquired_date": [march, january, None, january, january],
            "held_qty": [50, 80, 50, 80, 99],
        }
    )
    found = early_units_of_many(sales, lots, POLICY)
    assert found.rows() == [("1", Decimal(20)), ("2", None), ("3", None), ("5", None)]


def test_a_policy_that_lets_costly_trades_pass_is_refused() -> None:
    with pytest.raises(ValueError, match="value_over_cost is below 1"):
        replace(POLICY, value_over_cost=0.5)


@pytest.mark.parametrize(
    "unknown",
    [
        trade(AssetType.OPTION, "1", "1000"),
        trade(AssetType.ETF, "1", "1000", custodian="nobody"),
        trade(AssetType.ETF, "0", "1000"),
        trade(AssetType.ETF, "1", "0"),
    ],
    ids=["no schedule and no spread", "no schedule", "no units", "no value"],
)
def test_a_cost_that_is_not_known_is_not_guessed(unknown: Trade) -> None:
    found = both(unknown)
    assert (found.cost_usd, found.why_not) == (None, CostOutcome.COST_UNKNOWN)


def test_trd_10_a_trade_below_the_minimum_or_its_cost_is_not_proposed() -> None:
    assert both(trade(AssetType.ETF, "1", "99.99")).why_not == CostOutcome.BELOW_MINIMUM
    assert both(trade(AssetType.ETF, "1", "100")).why_not is None
    any_size = replace(POLICY, minimum_trade_usd=Decimal(0))
    assert both(trade(AssetType.MUTUAL_FUND, "1", "49.94"), any_size).why_not == CostOutcome.BELOW_COST
    assert both(trade(AssetType.MUTUAL_FUND, "1", "49.95"), any_size).why_not is None
    stricter = replace(any_size, value_over_cost=20)
    assert both(trade(AssetType.MUTUAL_FUND, "1", "998.99"), stricter).why_not == CostOutcome.BELOW_COST
    assert both(trade(AssetType.MUTUAL_FUND, "1", "999"), stricter).why_not is None


@pytest.mark.parametrize(
    ("value", "custodian", "kind", "why_not"),
    [
        # A ticket of 49.95, a hundred times of it: 4,995.00 is the smallest order.
        ("4995.00", "schwab", AssetType.MUTUAL_FUND, None),
        ("4994.99", "schwab", AssetType.MUTUAL_FUND, CostOutcome.BELOW_COST),
        # A least commission of 10: 1,000.00.
        ("1000.00", "schwab", AssetType.BOND, None),
        ("999.99", "schwab", AssetType.BOND, CostOutcome.BELOW_COST),
        # A share of the value is no ticket.
        ("100.00", "desk", AssetType.STOCK, None),
    ],
)
def test_an_order_is_worth_many_times_its_ticket(
    value: str, custodian: str, kind: AssetType, why_not: CostOutcome | None
) -> None:
    policy = replace(POLICY, value_over_ticket=100.0)
    assert both(trade(kind, "10", value, custodian=custodian), policy).why_not is why_not


def test_what_an_order_costs_whatever_its_size_is_at_most_the_largest_commission() -> None:
    assert fixed_cents(Commission(ticket_usd=Decimal(20), min_usd=Decimal(5), max_usd=Decimal(8))) == 800
    assert fixed_cents(Commission(ticket_usd=Decimal(2), min_usd=Decimal(5))) == 500


def test_a_ticket_cannot_be_worth_less_than_nothing() -> None:
    with pytest.raises(ValueError, match="value_over_ticket is below 0"):
        replace(POLICY, value_over_ticket=-1.0)
