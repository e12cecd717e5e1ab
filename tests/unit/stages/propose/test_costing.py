"""What orders cost: the policy's schedule, what the engine is given of it, and what is stated; figures worked out by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from data_contracts.fields import FACT_DTYPE, MONEY_DTYPE
from data_contracts.vocab import AssetType, OrderSide
from evenkeel.policy.model import TradingRule
from evenkeel.rules.costs import CostPolicy, Trade, trade_cost
from evenkeel.stages.propose.costing import NEVER_USD, cost_policy, engine_costs, half_spread, stated_costs
from evenkeel.stages.propose.stage import Proposed
from tests.support.proposing import Account, Lot, book_of, day_of, listed, proposed

FUNDS = pl.DataFrame(
    {"security_id": ["FND", "ETF"], "redemption_fee_frac": [0.02, None], "redemption_days": [30, None]},
    schema={"security_id": pl.String, "redemption_fee_frac": pl.Float64, "redemption_days": pl.Int64},
)
NO_EARLY = pl.DataFrame(schema={"account_id": pl.String, "security_id": pl.String, "free_qty": pl.Float64})


def rule(**changes: Any) -> TradingRule:
    return TradingRule.model_validate(changes)


def line(**changes: Any) -> dict[str, Any]:
    return {"custodian": "ibkr", "asset_type": "stock", **changes}


def priced(trading: TradingRule, price: float = 50.0, fee: float | None = None, **row: Any) -> dict[str, Any]:
    """Return what the engine is given for a stock at ibkr."""
    plain = {"custodian": "ibkr", "security_id": "X", "asset_type": "stock", "price_usd": price, "early_fee_frac": fee}
    schema = {"custodian": pl.String, "security_id": pl.String, "asset_type": pl.String}
    rows = pl.DataFrame([{**plain, **row}], schema={**schema, "price_usd": pl.Float64, "early_fee_frac": pl.Float64})
    return engine_costs(rows, trading).row(0, named=True)


def test_a_policy_that_says_nothing_of_commissions_is_as_before() -> None:
    trading = rule()
    found = priced(trading)
    assert (found["sell_cost_frac"], found["buy_cost_frac"], found["min_ticket_usd"]) == (0.0003, 0.0003, 100.0)
    costs = cost_policy(trading, ["ibkr"], FUNDS)
    trade = Trade("ibkr", "X", AssetType.STOCK, OrderSide.SELL, Decimal(100), Decimal("10000.00"))
    assert (trade_cost(trade, costs).commission_usd, trade_cost(trade, costs).cost_usd) == (Decimal(0), Decimal("3.00"))


def test_no_dollar_costs_more_than_a_dollar() -> None:
    """Half a cent a share at a tenth of a cent is five dollars a dollar, which no order is worth."""
    found = priced(rule(commissions=[line(per_unit_usd=0.005)]), price=0.001)
    assert (found["sell_cost_frac"], found["buy_cost_frac"]) == (1.0, 1.0)


def test_the_engine_is_given_what_is_in_proportion() -> None:
    """Half-spread 3 bp, 10 bp of value, 0.005 a share at 50 (1 bp); 0.5 bp more when selling."""
    trading = rule(commissions=[line(value_frac=0.001, per_unit_usd=0.005, sell_value_frac=0.00005)])
    found = priced(trading)
    assert found["buy_cost_frac"] == pytest.approx(0.0003 + 0.001 + 0.0001)
    assert found["sell_cost_frac"] == pytest.approx(0.0003 + 0.001 + 0.0001 + 0.00005)
    assert set(found) == {
        *("custodian", "security_id", "asset_type", "price_usd", "early_fee_frac"),
        *("sell_cost_frac", "buy_cost_frac", "min_ticket_usd"),
    }


def test_a_security_has_its_own_spread_before_that_of_its_kind() -> None:
    trading = rule(security_half_spreads={"X": 0.004}, half_spreads={"stock": 0.001}, other_half_spread_frac=0.007)
    rows = pl.DataFrame({"security_id": ["X", "Y", "Z"], "asset_type": ["stock", "stock", "etf"]})
    assert rows.select(half_spread(trading).alias("found"))["found"].to_list() == [0.004, 0.001, 0.007]
    assert priced(trading)["sell_cost_frac"] == 0.004
    assert cost_policy(trading, ["ibkr"], FUNDS).security_half_spreads == {"X": 0.004}


@pytest.mark.parametrize(
    ("schedule", "more", "smallest"),
    [
        ({"ticket_usd": 9.95}, {}, 995.0),
        ({"min_usd": 2.5}, {}, 250.0),
        ({"ticket_usd": 1.0, "min_usd": 2.5}, {}, 250.0),
        ({"ticket_usd": 20.0, "max_usd": 8.0}, {}, 800.0),
        ({"ticket_usd": 0.5}, {}, 100.0),  # the policy's least trade
        ({"ticket_usd": 9.95}, {"value_over_ticket": 20.0}, 199.0),
    ],
)
def test_the_smallest_order_makes_a_ticket_worth_it(
    schedule: dict[str, float], more: dict[str, float], smallest: float
) -> None:
    assert priced(rule(commissions=[line(**schedule)], **more))["min_ticket_usd"] == pytest.approx(smallest)


def test_a_fee_for_early_units_is_paid_when_selling() -> None:
    found = priced(rule(is_redemption_fee_paid=True), fee=0.02)
    assert (found["sell_cost_frac"], found["buy_cost_frac"]) == (pytest.approx(0.0203), 0.0003)


def test_where_no_order_is_worth_its_cost_none_is_large_enough() -> None:
    """A fee of 2 % is never a hundredth of the order."""
    assert priced(rule(is_redemption_fee_paid=True, value_over_cost=100.0), fee=0.02)["min_ticket_usd"] == NEVER_USD


@pytest.mark.parametrize("times", [1.0, 5.0, 50.0])
@pytest.mark.parametrize(
    "schedule",
    [
        {"ticket_usd": 9.95},
        {"ticket_usd": 4.0, "value_frac": 0.001, "sell_value_frac": 0.0002},
        {"per_unit_usd": 0.02, "min_usd": 1.0, "max_usd": 30.0},
        {"ticket_usd": 25.0, "value_frac": 0.019, "max_usd": 40.0},
        {"value_frac": 0.002},
    ],
)
def test_an_order_of_the_smallest_size_and_any_larger_one_is_worth_its_cost(
    schedule: dict[str, float], times: float
) -> None:
    trading = rule(commissions=[line(**schedule)], value_over_cost=times, value_over_ticket=2.0)
    least = priced(trading)["min_ticket_usd"]
    assert 100.0 <= least < NEVER_USD
    costs = cost_policy(trading, ["ibkr"], FUNDS)
    for factor in (1.0, 1.001, 1.5, 3.0, 40.0):
        value = Decimal(f"{least * factor + 0.005:.2f}")
        trade = Trade("ibkr", "X", AssetType.STOCK, OrderSide.SELL, value / 50, value)
        assert trade_cost(trade, costs).why_not is None


def orders(*rows: tuple[str, str, str, str, float, str]) -> pl.DataFrame:
    """Return trades of account A1 at ibkr: number, security, kind, side, units, value."""
    return pl.DataFrame(
        [
            ("P1", i, "A1", "ibkr", security, kind, side, Decimal(str(qty)), Decimal(value))
            for i, (_, security, kind, side, qty, value) in enumerate(rows, 1)
        ],
        schema={
            **{"portfolio_id": pl.String, "trade_no": pl.Int64, "account_id": pl.String, "custodian": pl.String},
            **{"security_id": pl.String, "asset_type": pl.String, "side": pl.String},
            **{"traded_qty": FACT_DTYPE, "value_usd": MONEY_DTYPE},
        },
        orient="row",
    )


def stated(trades: pl.DataFrame, costs: CostPolicy, early: pl.DataFrame = NO_EARLY) -> list[tuple[str, ...]]:
    found = stated_costs(trades, early, costs)
    return [tuple(str(cost) for cost in row[2:]) for row in found.iter_rows()]


def test_an_orders_cost_is_shared_among_its_lots_to_the_cent() -> None:
    """One ticket of 10.00 for three lots of 1,000, not three: 3.33, 3.34, 3.33. Half the spread of 3,000 is 0.90."""
    costs = cost_policy(rule(commissions=[line(ticket_usd=10.0)]), ["ibkr"], FUNDS)
    lots = [("", "X", "stock", "sell", 20.0, "1000.00")] * 3
    assert stated(orders(*lots), costs) == [
        ("3.33", "0.30", "0.00"),
        ("3.34", "0.30", "0.00"),
        ("3.33", "0.30", "0.00"),
    ]


def test_a_purchase_and_a_sale_are_orders_of_their_own() -> None:
    costs = cost_policy(rule(commissions=[line(ticket_usd=1.0, sell_value_frac=0.001)]), ["ibkr"], FUNDS)
    both = orders(("", "X", "stock", "sell", 20.0, "1000.00"), ("", "Y", "stock", "buy", 10.0, "500.00"))
    assert stated(both, costs) == [("2.00", "0.30", "0.00"), ("1.00", "0.15", "0.00")]


def test_the_redemption_fee_is_of_the_early_units_alone() -> None:
    """500 units for 10,000, of which 300 are free: 2 % of 4,000 is 80.00; a purchase pays none."""
    early = pl.DataFrame({"account_id": ["A1"], "security_id": ["FND"], "free_qty": [300.0]})
    costs = cost_policy(rule(), ["ibkr"], FUNDS)
    sale = orders(("", "FND", "mutual_fund", "sell", 500.0, "10000.00"))
    assert stated(sale, costs, early) == [("0.00", "0.00", "80.00")]
    assert stated(orders(("", "FND", "mutual_fund", "sell", 300.0, "6000.00")), costs, early)[0][2] == "0.00"
    assert stated(orders(("", "FND", "mutual_fund", "buy", 500.0, "10000.00")), costs, early)[0][2] == "0.00"
    assert stated(sale, costs)[0][2] == "0.00"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"commissions": [line(ticket_usd=-1)]}, "greater than or equal to 0"),
        ({"commissions": [line(min_usd=5, max_usd=4)]}, "min_usd is above max_usd"),
        ({"commissions": [line(), line()]}, "commissions of ibkr for stock are listed twice"),
        ({"commissions": [line(per_share=1)]}, "Extra inputs"),
        ({"value_over_cost": 0.5}, "greater than or equal to 1"),
        ({"security_half_spreads": {"X": 2.0}}, "less than or equal to 1"),
        ({"fund_cutoffs": {"ibkr": "16:30"}}, "fund_cutoffs: ibkr has 16:30:00; write Eastern time"),
        ({"fund_cutoffs": {"ibkr": "15:30Z"}}, "write Eastern time without a zone"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        rule(**changes)


def test_cutoffs_are_times_of_day() -> None:
    assert rule(fund_cutoffs={"ibkr": "15:30"}).fund_cutoffs == {"ibkr": dt.time(15, 30)}


def test_no_order_of_a_list_is_smaller_than_its_ticket_is_worth() -> None:
    """A4 at beta lacks 17,000 of BND and has 10,000 too much of STK; a ticket of 150 makes 15,000 the smallest order.

    So 15,000 of STK go: 5,000 below target, and 5,000 of cash too many, instead of 34,000 off in all.
    """
    ticket = {"custodian": "beta", "asset_type": "etf", "ticket_usd": 150.0}
    account = Account(12_000, [Lot("STK", 700, 80), Lot("BND", 360, 50)])

    def made(**more: Any) -> Proposed:
        trading = rule(commissions=[ticket], **more)
        return proposed(day_of({"A4": account}, book_of(), policy={"trading": trading}), A4="full")

    assert listed(made()) == {("A4", "sell", "STK"): 15_000.0, ("A4", "buy", "BND"): 17_000.0}
    worth = made(value_over_ticket=10.0)
    assert listed(worth) == {("A4", "sell", "STK"): 10_000.0, ("A4", "buy", "BND"): 17_000.0}
    # Two tickets; half a spread of 2 bp of 27,000 is 5.40.
    assert worth.trades["commission_usd"].sum() == Decimal("300.00")
    assert worth.proposals["cost_usd"][0] == Decimal("305.40")
    # What the list was chosen by does not have the tickets.
    assert worth.proposals["trade_cost_usd"][0] == pytest.approx(5.4)
