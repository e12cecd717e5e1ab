"""What users of other tools complain of, each as a list that must not come out here, beside the naive list that has it.

The naive method is what the complaints describe: each class back to its target by itself, paid by nobody, at one account, from drift alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import polars as pl
import pytest

from evenkeel.stages.propose.obstacle_sentences import obstacle_sentences
from evenkeel.stages.propose.proposal_sentences import proposal_sentences
from evenkeel.stages.propose.stage import Day, Proposed
from evenkeel.stages.propose.trade_sentences import trade_sentences
from tests.support.proposing import (
    CLASSES,
    LAST_WEEK,
    PRICES,
    Account,
    Lot,
    book_of,
    day_of,
    listed,
    proposed,
    with_past,
)
from tests.unit.stages.propose.test_sequences import COUPLE, HARVESTED, sold

TARGETS = {"us_equity": 0.60, "us_bond": 0.35, "cash": 0.05}
FIRST = {"us_equity": "STK", "us_bond": "BND"}
Orders = dict[tuple[str, str], float]


def naive(account: Account) -> Orders:
    """Return dollars by side and security: each class to its target, sold from what is held first and bought in the model's fund."""
    held: dict[str, float] = {}
    for lot in account.lots:
        held[lot.security] = held.get(lot.security, 0.0) + lot.qty * PRICES[lot.security]
    whole = sum(held.values()) + account.cash
    orders: Orders = {}
    for kind, fund in FIRST.items():
        of_class = {name: value for name, value in held.items() if CLASSES[name] == kind}
        off = sum(of_class.values()) - TARGETS[kind] * whole
        if off > 0:
            for name, value in sorted(of_class.items()):
                orders["sell", name] = min(off, value)
                off -= orders["sell", name]
        elif off < 0:
            orders["buy", fund] = -off
    return {key: value for key, value in orders.items() if value > 0}


def cash_after(account: Account, orders: Mapping[tuple[str, str], float]) -> float:
    """Return cash once the orders are done."""
    return account.cash + sum(value if side == "sell" else -value for (side, _), value in orders.items())


def orders_of(made: Proposed) -> Orders:
    """Return dollars by side and security of a list of one account."""
    return {(side, security): value for (_, side, security), value in listed(made).items()}


def test_the_same_fund_is_never_bought_and_sold_in_one_list() -> None:
    """Harvesting a class that must grow: the naive harvest sells the lot at a loss and buys the class's fund, which is the same one."""
    account = Account(25_000, [Lot("STK", 500, 140), Lot("BND", 300, 50)])
    day = day_of({"A1": account}, book_of())
    made = proposed(day, A1="harvest_and_rebalance")
    bought = {security for side, security in orders_of(made) if side == "buy"}
    sold_ = {security for side, security in orders_of(made) if side == "sell"}
    assert sold_ == {"STK"}
    assert not bought & sold_
    assert "ALT" in bought
    assert ("buy", "STK") in naive(account)


def test_amounts_add_up_to_the_cent() -> None:
    """Prices with odd cents: every value is units times price, and cash is what it was with sales and without purchases."""
    prices = {"STK": 103.37, "BND": 51.91}
    account = Account(11_987.65, [Lot("STK", 700, 80), Lot("BND", 360, 50)])
    made = proposed(day_of({"A4": account}, book_of(), prices), A4="full")
    off = (pl.col("traded_qty") * pl.col("price_usd")).cast(pl.Float64) - pl.col("value_usd").cast(pl.Float64)
    assert made.trades.filter(off.abs() > 0.005 + 1e-9).is_empty()
    row = made.proposals.row(0, named=True)
    assert row["cash_after_usd"] == row["cash_before_usd"] + row["sold_usd"] - row["bought_usd"]
    assert made.trades.filter((pl.col("traded_qty") % 1) != 0).is_empty()


def test_weights_after_the_trades_total_one() -> None:
    made = proposed(day_of({"A1": Account(12_000, [Lot("STK", 700, 80), Lot("BND", 360, 50)])}, book_of()), A1="full")
    nodes = json.loads(made.proposals["classes_json"][0])
    for when in ("before_frac", "after_frac", "target_frac"):
        assert sum(node[when] for node in nodes) == pytest.approx(1.0, abs=1e-7)
    assert len({node["node"] for node in nodes}) == len(nodes)


def test_the_most_overweight_class_is_never_bought() -> None:
    """Cash to invest, stocks far over: cash split as the model is would buy more of them."""
    account = Account(20_000, [Lot("STK", 700, 20), Lot("BND", 200, 50)])
    for kind in ("full", "invest_cash", "buy_only", "to_edge"):
        made = proposed(day_of({"A1": account}, book_of()), A1=kind)
        assert ("buy", "STK") not in orders_of(made)


def test_a_thousand_of_cash_is_not_spent_twice() -> None:
    """Stocks over target that may not be sold, bonds 17,000 short, 1,000 in cash: naive orders overdraw the account."""
    restricted = "restriction_id,scope,scope_id,kind,security_id,reason\nR1,account,A4,no_sell,STK,client\n"
    account = Account(1_000, [Lot("STK", 810, 80), Lot("BND", 360, 50)])
    made = proposed(day_of({"A4": account}, book_of(restrictions_csv=restricted)), A4="full")
    assert cash_after(account, orders_of(made)) >= 0
    assert ("sell", "STK") not in orders_of(made)
    barred = {key: value for key, value in naive(account).items() if key != ("sell", "STK")}
    assert cash_after(account, barred) < 0


def test_a_target_of_nothing_is_traded_to_nothing() -> None:
    """Old shares that no model names, in an IRA: they go to the last one."""
    account = Account(5_000, [Lot("OLD", 250, 30), Lot("STK", 500, 80), Lot("BND", 700, 50)])
    made = proposed(day_of({"A4": account}, book_of()), A4="full")
    assert orders_of(made)["sell", "OLD"] == 10_000.0
    reasons = made.trades.filter(security_id="OLD")["reasons_json"][0]
    assert json.loads(reasons)[0] == "not_in_model"


def test_idle_cash_is_out_of_line_and_is_invested() -> None:
    """All classes in proportion to each other, and 30 % in cash: drift among what is invested reads zero."""
    account = Account(30_000, [Lot("STK", 442, 80), Lot("BND", 516, 50)])
    day = day_of({"A4": account}, book_of())
    outside = day.bands.filter("is_outside")["node_id"].to_list()
    assert "cash" in outside
    made = proposed(day, A4="full")
    assert made.proposals["cash_after_usd"][0] == pytest.approx(5_000, abs=150)
    stocks, bonds = (lot.qty * PRICES[lot.security] for lot in account.lots)
    # The naive figure, drift among what is invested, reads zero on this day.
    assert stocks / (stocks + bonds) == pytest.approx(0.60 / 0.95, abs=2e-3)


def washing_day() -> tuple[Day, Day]:
    """Return a day of the couple's IRA, and the same after their taxable account has harvested 12 days ago."""
    book = book_of(accounts_csv=COUPLE)
    plain = day_of({"A4": Account(62_000, [Lot("BND", 700, 50)])}, book)
    return plain, with_past(plain, book, [sold("A1", "STK", HARVESTED, 100, 9_000, 12_000)])


def test_wash_sales_are_looked_for_both_ways() -> None:
    """Bought last week and sold now; sold 12 days ago and bought now."""
    lots = [Lot("STK", 300, 140), Lot("STK", 300, 99, LAST_WEEK), Lot("BND", 700, 50)]
    book = book_of()
    one = day_of({"A1": Account(5_000, lots)}, book)
    assert ("sell", "STK") in orders_of(proposed(one, A1="harvest_only"))  # nothing looked up: the naive answer
    assert orders_of(proposed(with_past(one, book), A1="harvest_only")) == {}
    plain, harvested = washing_day()
    assert ("buy", "STK") in orders_of(proposed(plain, A4="full"))
    assert ("buy", "STK") not in orders_of(proposed(harvested, A4="full"))


def test_wash_sales_are_looked_for_in_every_account_of_the_couple() -> None:
    """One proposal sells STK at a loss in the taxable account; the other, on the same day, would buy it in the IRA."""
    book = book_of(accounts_csv=COUPLE)
    accounts = {
        "A1": Account(5_000, [Lot("STK", 600, 140), Lot("BND", 700, 50)]),
        "A4": Account(30_000, [Lot("STK", 350, 80), Lot("BND", 700, 50)]),
    }
    day = with_past(day_of(accounts, book), book)
    alone = listed(proposed(day, A4="full"))
    assert ("A4", "buy", "STK") in alone
    both = listed(proposed(day, A1="harvest_only", A4="full"))
    lost, bought = ("A1", "sell", "STK") in both, ("A4", "buy", "STK") in both
    assert lost
    assert not bought


def test_incomplete_history_is_its_own_answer() -> None:
    """Nothing known of the last 30 days: neither yes nor no."""
    account = Account(5_000, [Lot("STK", 600, 140), Lot("BND", 700, 50)])
    made = proposed(day_of({"A1": account}, book_of()), A1="harvest_only")
    (check,) = (row for row in json.loads(made.proposals["checks_json"][0]) if row["check"] == "wash_sale")
    assert check["result"] == "not_known"
    book = book_of()
    known = proposed(with_past(day_of({"A1": account}, book), book), A1="harvest_only")
    (check,) = (row for row in json.loads(known.proposals["checks_json"][0]) if row["check"] == "wash_sale")
    assert check["result"] == "passed"


def test_every_trade_says_why_it_is_there() -> None:
    accounts = {
        "A1": Account(12_000, [Lot("STK", 350, 20), Lot("STK", 350, 99), Lot("BND", 360, 50), Lot("OLD", 20, 100)])
    }
    made = proposed(day_of(accounts, book_of()), A1="full")
    told = trade_sentences(made.trades)
    assert told.height == made.trades.height > 1
    for sentence, security in zip(told["sentence"], made.trades["security_id"], strict=True):
        assert security in sentence
        assert sentence.endswith(".")
    assert made.trades.filter(pl.col("reasons_json") == "[]").is_empty()
    assert proposal_sentences(made.proposals, made.trades)["sentence"].null_count() == 0
    assert obstacle_sentences(made.proposals)["sentence"].null_count() == 0


def test_no_list_leaves_drift_worse() -> None:
    short = Account(900, [Lot("STK", 700, 20), Lot("BND", 360, 50)])
    accounts = {"A1": short, "A4": Account(12_000, [Lot("STK", 700, 80), Lot("BND", 360, 50)])}
    for kind in ("full", "to_edge", "to_midpoint", "partial", "invest_cash", "harvest_only"):
        made = proposed(day_of(accounts, book_of()), A1=kind, A4=kind)
        worse = made.proposals.filter(pl.col("max_drift_after_frac") > pl.col("max_drift_before_frac") + 1e-9)
        assert worse.is_empty(), kind
