"""The check that each order is worth what it costs and that no redemption fee is paid unasked; answers worked out by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import polars as pl

from evenkeel.book.model import Book
from evenkeel.policy.model import Policy
from tests.small_practice import policy
from tests.unit.stages.propose.lists import SECURITIES, TRADED, checked, held, small_book, trade

LONG_AGO, LAST_WEEK = dt.date(2020, 5, 4), TRADED - dt.timedelta(days=7)


def book_with_fee() -> Book:
    """Return the small book, where USTMX keeps 2 % of units held less than 30 days."""
    common = {"price_factor": Decimal(1), "multiplier": Decimal(1), "is_illiquid": False}
    fee = {"redemption_fee_frac": 0.02, "redemption_days": 30}
    return small_book(
        securities=[
            {**common, "name": row["security_id"], **row, **(fee if row["security_id"] == "USTMX" else {})}
            for row in SECURITIES
        ]
    )


def lots(*rows: tuple[dt.date | None, float]) -> pl.DataFrame:
    return pl.DataFrame(
        [("P1-1", "USTMX", date, qty) for date, qty in rows],
        schema={"account_id": pl.String, "security_id": pl.String, "acquired_date": pl.Date, "held_qty": pl.Float64},
        orient="row",
    )


def cost_of(trades: list[dict[str, Any]], rules: Policy | None = None, known: pl.DataFrame | None = None) -> Any:
    holdings = held({"P1-1": {"USTM": 40_000, "USTMX": 5_000, "CASH:USD": 55_000}})
    return checked(trades, holdings, book_with_fee(), rules, lots=known)["trading_cost"]


def test_an_order_of_the_least_trade_passes_and_a_smaller_one_fails() -> None:
    assert cost_of([trade("sell", "USTM", 100)])["result"] == "passed"
    found = cost_of([trade("sell", "USTM", 99.99)])
    assert (found["result"], found["text"]) == (
        "failed",
        "The order is smaller than the policy's least trade: USTM.",
    )


def test_lots_of_one_security_are_one_order() -> None:
    assert cost_of([trade("sell", "USTM", 60), trade("sell", "USTM", 40)])["result"] == "passed"


def test_an_order_that_is_not_worth_its_ticket_fails() -> None:
    ticket = {"custodian": "schwab", "asset_type": "etf", "ticket_usd": 9.95}
    rules = policy(trading={"commissions": [ticket]})
    assert cost_of([trade("buy", "USTM", 995)], rules)["result"] == "passed"
    found = cost_of([trade("buy", "USTM", 994)], rules)
    assert (found["result"], found["figures"]["not_worth"]) == ("failed", ["USTM"])


def test_units_within_the_redemption_period_fail_and_those_past_it_pass() -> None:
    """300 of 500 units are free, at 10 each."""
    known = lots((LONG_AGO, 300.0), (LAST_WEEK, 200.0))
    assert cost_of([trade("sell", "USTMX", 3_000)], known=known)["result"] == "passed"
    found = cost_of([trade("sell", "USTMX", 3_010)], known=known)
    assert (found["result"], found["text"]) == (
        "failed",
        "Redeemed within the fund's redemption period: 1 units of USTMX.",
    )
    assert cost_of([trade("buy", "USTMX", 3_010)], known=known)["result"] == "passed"


def test_lots_of_unknown_date_count_as_early() -> None:
    known = lots((LONG_AGO, 300.0), (None, 200.0))
    assert cost_of([trade("sell", "USTMX", 3_000)], known=known)["result"] == "passed"
    assert cost_of([trade("sell", "USTMX", 3_010)], known=known)["result"] == "failed"


def test_without_lots_nobody_knows_whether_the_fund_charges() -> None:
    assert cost_of([trade("sell", "USTMX", 3_000)])["result"] == "not_known"
    assert cost_of([trade("sell", "USTM", 3_000)])["result"] == "passed"


def test_a_policy_that_pays_the_fee_is_warned() -> None:
    rules = policy(trading={"is_redemption_fee_paid": True})
    known = lots((LONG_AGO, 300.0), (LAST_WEEK, 200.0))
    found = cost_of([trade("sell", "USTMX", 5_000)], rules, known)
    assert (found["result"], found["figures"]["paid"]) == ("warned", ["200 units of USTMX"])
