"""Kinds, limits and times of orders, with answers worked out by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from pydantic import ValidationError

from data_contracts.vocab import AssetType, OrderSide, OrderSize, OrderType
from evenkeel.errors import UsageError
from evenkeel.orders.kinds import limit_price, order_size_of, order_type_of
from evenkeel.orders.times import batch_at, next_batch_at, timing_of
from evenkeel.policy.orders import OrderRule
from tests.support.ordering import BUY, SECURITIES, SELL

RULE = OrderRule()
NINE_45 = dt.time(9, 45)


@pytest.mark.parametrize(
    ("security_id", "order_type"),
    [
        ("VTI", OrderType.MARKET),
        ("VTSAX", OrderType.NAV),
        ("XOM", OrderType.LIMIT),
        ("T-NOTE", OrderType.LIMIT),
        ("LAND", None),
    ],
)
def test_the_kind_of_security_decides_the_kind_of_order(security_id: str, order_type: OrderType | None) -> None:
    assert order_type_of(SECURITIES[security_id], RULE) == order_type


def test_an_etf_that_is_not_liquid_is_named_by_the_policy() -> None:
    rule = OrderRule(security_order_types={"BND": OrderType.LIMIT})
    assert order_type_of(SECURITIES["BND"], rule) == OrderType.LIMIT
    assert order_type_of(SECURITIES["VTI"], rule) == OrderType.MARKET


def test_funds_are_bought_in_dollars_and_sold_in_units_or_all() -> None:
    assert order_size_of(OrderType.NAV, BUY, is_all=False) == OrderSize.DOLLARS
    assert order_size_of(OrderType.NAV, SELL, is_all=False) == OrderSize.UNITS
    assert order_size_of(OrderType.NAV, SELL, is_all=True) == OrderSize.ALL
    assert order_size_of(OrderType.MARKET, SELL, is_all=True) == OrderSize.UNITS


@pytest.mark.parametrize(
    ("price", "side", "security_id", "limit"),
    [
        ("100.00", BUY, "XOM", "101.00"),
        ("100.00", SELL, "XOM", "99.00"),
        ("33.33", BUY, "XOM", "33.67"),  # 33.6633: up
        ("33.33", SELL, "XOM", "32.99"),  # 32.9967: down
        ("0.5000", BUY, "XOM", "0.5050"),
        ("0.99", BUY, "XOM", "0.9999"),
        ("0.995", BUY, "XOM", "1.01"),  # 1.00495: from a dollar on a cent is the step
        ("0.00001", SELL, "XOM", "0.0001"),  # one tick at least
        ("98.765", BUY, "T-NOTE", "99.753"),  # 99.75265
        ("98.765", SELL, "T-NOTE", "97.777"),  # 97.77735
    ],
)
def test_a_limit_is_one_per_cent_from_the_price_and_rounded_away_from_it(
    price: str, side: OrderSide, security_id: str, limit: str
) -> None:
    assert limit_price(Decimal(price), side, SECURITIES[security_id], RULE) == Decimal(limit)


@pytest.mark.parametrize(
    ("decided", "batch"),
    [
        ("2026-03-04T01:00:00+00:00", "2026-03-04T14:45:00+00:00"),  # the evening before
        ("2026-03-04T09:45:00-05:00", "2026-03-04T14:45:00+00:00"),
        ("2026-03-04T09:45:01-05:00", "2026-03-05T14:45:00+00:00"),
        ("2026-03-06T12:00:00-05:00", "2026-03-09T13:45:00+00:00"),  # over the weekend of daylight saving
        (
            "2026-11-25T12:00:00-05:00",
            "2026-11-27T14:45:00+00:00",
        ),  # Thanksgiving between; a short day has its batch at 09:45
        ("2026-12-24T12:00:00-05:00", "2026-12-28T14:45:00+00:00"),
        ("2028-02-28T20:00:00-05:00", "2028-02-29T14:45:00+00:00"),  # a leap day
    ],
)
def test_the_batch_goes_at_nine_forty_five_of_the_next_session(decided: str, batch: str) -> None:
    assert next_batch_at(dt.datetime.fromisoformat(decided), NINE_45) == dt.datetime.fromisoformat(batch)


def test_a_late_batch_goes_before_an_early_close() -> None:
    short, usual = dt.date(2026, 11, 27), dt.date(2026, 11, 25)
    assert batch_at(short, dt.time(14, 0)) == dt.datetime(
        2026, 11, 27, 16, 0, tzinfo=dt.UTC
    )  # 11:00, two hours before 13:00
    assert batch_at(usual, dt.time(14, 0)) == dt.datetime(2026, 11, 25, 19, 0, tzinfo=dt.UTC)


def test_a_fund_gets_the_value_of_its_cutoff_and_all_settles_the_next_business_day() -> None:
    at = dt.datetime(2026, 11, 27, 14, 45, tzinfo=dt.UTC)
    listed = timing_of(OrderType.MARKET, "schwab", at, {})
    assert (listed.trade_date, listed.order_by_at, listed.settle_date) == (
        dt.date(2026, 11, 27),
        None,
        dt.date(2026, 11, 30),
    )
    fund = timing_of(OrderType.NAV, "schwab", at, {"schwab": dt.time(15, 30)})
    assert fund.order_by_at == dt.datetime(2026, 11, 27, 17, 30, tzinfo=dt.UTC)
    assert fund.trade_date == dt.date(2026, 11, 27)
    late = timing_of(OrderType.NAV, "schwab", at, {"schwab": dt.time(12, 30)})  # 09:30 on the short day: passed
    assert (late.trade_date, late.settle_date) == (dt.date(2026, 11, 30), dt.date(2026, 12, 1))


def test_columbus_day_trades_and_does_not_settle() -> None:
    friday = timing_of(OrderType.MARKET, "schwab", dt.datetime(2026, 10, 9, 13, 45, tzinfo=dt.UTC), {})
    assert friday.settle_date == dt.date(2026, 10, 13)


def test_bad_figures_are_refused() -> None:
    with pytest.raises(ValidationError, match="not within a session"):
        OrderRule(batch_time=dt.time(16, 0))
    with pytest.raises(ValidationError, match="above 0"):
        OrderRule(ticks={AssetType.BOND: 0})
    with pytest.raises(UsageError, match="needs a zone"):
        next_batch_at(dt.datetime(2026, 3, 4, 9, 0), NINE_45)
