"""The custodians against the portfolio system: in the order of causes, explained by what is on record, or stopped."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.support.nights import A1, A2, Night, explained, holdings, moved, ordered, play, stops
from tests.support.parsed_files import cash, position

MON, TUE, WED = dt.date(2026, 3, 2), dt.date(2026, 3, 3), dt.date(2026, 3, 4)


def night(system: dict[str, Any] | None = None, *, transactions: Any = (), orders: Any = None, **held: Any) -> Night:
    """Return a night on which the portfolio system has `system`, the custodian `held`."""
    rows, money = holdings(**held)
    theirs, their_money = holdings(**(held if system is None else system))
    other = cash(4, A2, "10000.00")
    return Night(rows, [*money, other], transactions, (theirs, [*their_money, other]), orders=orders)


def test_agreement_says_nothing() -> None:
    assert not play([night()])[0].breaks.height


@pytest.mark.parametrize(
    ("system", "check"),
    [
        ({"stk": "610"}, "break_quantity"),
        ({"stk": "0"}, "break_quantity"),
        ({"money": "4000"}, "break_cash"),
        ({"money": "5000.99"}, None),
    ],
)
def test_what_nothing_explains_stops(system: dict[str, Any], check: str | None) -> None:
    result = play([night(system)])[0]
    assert stops(result) == ({(check, "A1")} if check else set())
    assert set(result.breaks["status"]) == ({"open"} if check else set())


def test_an_account_that_the_system_lacks_is_one_break() -> None:
    rows, money = holdings()
    result = play([Night(rows, [*money, cash(4, A2, "10000.00")], (), ([], [cash(4, A2, "10000.00")]))])[0]
    # Without a single position the system's file is no evidence; with one of another account it is.
    assert stops(result) == set()
    other, _ = holdings(account=A2)
    both = Night(
        [*rows, *[dict(r, row_no=r["row_no"] + 10) for r in other]],
        [*money, cash(4, A2, "10000.00")],
        (),
        (other, [cash(4, A2, "10000.00")]),
    )
    assert stops(play([both])[0]) == {("break_account", "A1")}
    assert set(play([both])[0].breaks["kind"]) == {"account"}


def test_value_and_cost_are_compared_where_units_agree() -> None:
    rows, money = holdings()
    other = cash(4, A2, "10000.00")
    theirs = [dict(row) for row in rows]
    theirs[0]["value_ccy"], theirs[0]["price_ccy"] = "60100.00", None
    assert stops(play([Night(rows, [*money, other], (), (theirs, [*money, other]))])[0]) == {("break_value", "A1")}
    costs = [dict(row, cost_ccy="50000") for row in rows]
    their_costs = [dict(row, cost_ccy="50000") for row in rows]
    their_costs[0]["cost_ccy"] = "40000"
    broken = Night(costs, [*money, other], (), (their_costs, [*money, other]))
    assert stops(play([broken])[0]) == {("break_cost", "A1")}
    units = [dict(row) for row in their_costs]
    units[0]["held_qty"], units[0]["value_ccy"] = "610", "61000.00"
    assert stops(play([Night(costs, [*money, other], (), (units, [*money, other]))])[0]) == {("break_quantity", "A1")}


def test_a_policy_may_note_instead_of_stop() -> None:
    from tests.support.small_book import _FILES

    policy = _FILES["policies/house.yaml"] + "reconciliation: {stops: [account, quantity, price, value, cash]}\n"
    rows, money = holdings()
    costs = [dict(row, cost_ccy="50000") for row in rows]
    theirs = [dict(row, cost_ccy="40000") for row in rows]
    other = cash(4, A2, "10000.00")
    result = play([Night(costs, [*money, other], (), (theirs, [*money, other]))], policies__house_yaml=policy)[0]
    assert stops(result) == set()
    assert set(result.exceptions.filter(check="break_cost")["effect"]) == {"note"}


BUY = moved(1, A1, "buy", "-1000", "STK", "10", on=TUE, settles=WED)
DRIP = (moved(1, A1, "dividend", "50", "STK", on=TUE), moved(2, A1, "reinvest", "-50", "STK", "0.5", on=TUE))


@pytest.mark.parametrize(
    ("transactions", "held", "system", "expected"),
    [
        ([BUY], {"stk": "610", "money": "4000"}, {}, {("quantity", "STK", "settlement"), ("cash", "CASH:USD", "settlement")}),
        (DRIP, {"stk": "600.5"}, {"money": "5050"}, {("quantity", "STK", "reinvestment"), ("cash", "CASH:USD", "reinvestment")}),
        ([moved(1, A1, "deposit", "700", on=TUE)], {"money": "5700"}, {}, {("cash", "CASH:USD", "deposit")}),
        ([moved(1, A1, "withdrawal", "-700", on=TUE)], {"money": "4300"}, {}, {("cash", "CASH:USD", "withdrawal")}),
        ([moved(1, A1, "fee", "-70", on=TUE)], {"money": "4930"}, {}, {("cash", "CASH:USD", "fee")}),
        ([moved(1, A1, "transfer_in", None, "STK", "40", on=TUE)], {"stk": "640"}, {}, {("quantity", "STK", "transfer")}),
        (
            [moved(1, A1, "name_change", None, "STK", "-600", on=TUE), moved(2, A1, "name_change", None, "BND", "600", on=TUE)],
            {"stk": "0", "bnd": "950"},
            {},
            {("quantity", "STK", "symbol_change"), ("quantity", "BND", "symbol_change")},
        ),
        # Two lags at once: the trade has not settled and the deposit is not booked.
        (
            [BUY, moved(2, A1, "deposit", "700", on=TUE)],
            {"stk": "610", "money": "4700"},
            {},
            {("quantity", "STK", "settlement"), ("cash", "CASH:USD", "deposit")},
        ),
    ],
)  # fmt: skip
def test_what_the_system_has_not_booked_yet_is_explained(
    transactions: Any, held: Any, system: Any, expected: Any
) -> None:
    second = play([night(), night(system, transactions=transactions, **held)])[1]
    assert stops(second) == set()
    assert explained(second, "portfolio_system") == expected
    ids = second.breaks.filter(comparison="portfolio_system")["transaction_ids_json"]
    assert ids.null_count() == 0


@pytest.mark.parametrize(
    ("held", "transactions", "expected"),
    [
        ({}, (), {("break_price", "A1")}),
        # It has not booked the reinvestment yet, which says nothing of its price.
        ({"stk": "600.5"}, DRIP, {("break_price", "A1")}),
        # Units that nothing explains are one break, their price is not another.
        ({"stk": "610"}, (), {("roll_quantity", "A1")}),
    ],
)
def test_a_price_of_one_row_alone_is_told_unless_the_units_are(held: Any, transactions: Any, expected: Any) -> None:
    rows, money = holdings(**held)
    others, other_money = holdings(account=A2, money="10000.00")
    others = [dict(row, row_no=row["row_no"] + 10) for row in others]
    first = [dict(row, row_no=row["row_no"] + 4) for row in other_money]
    before, _ = holdings()
    money_before = [*money, *first]
    theirs, _ = holdings(stk_price="110")
    their_money = [*holdings(money="5050" if transactions else "5000.00")[1], *first]
    nights = [
        Night([*before, *others], money_before, (), ([*before, *others], money_before)),
        Night([*rows, *others], money_before, transactions, ([*theirs, *others], their_money)),
    ]
    assert stops(play(nights)[1]) == expected


def test_a_difference_that_its_transactions_do_not_add_up_to_stays_open() -> None:
    second = play([night(), night({"stk": "603", "money": "4000"}, transactions=[BUY], stk="610", money="4000")])[1]
    assert stops(second) == {("break_quantity", "A1")}


def test_our_own_order_explains_units_that_one_of_the_two_has_booked() -> None:
    sent, filled = (
        ordered(1, A1, "O-1", "STK", "buy", "10", state, filled_qty=done)
        for state, done in (("sent", "0"), ("filled", "10"))
    )
    second = play([night(orders=[sent]), night({"stk": "610", "money": "4000"}, orders=[filled])])[1]
    assert stops(second) == set()
    assert explained(second, "portfolio_system") == {
        ("quantity", "STK", "own_order"),
        ("cash", "CASH:USD", "same_cause"),
    }


def test_a_split_that_the_system_has_not_booked() -> None:
    split = moved(1, A1, "split", None, "STK", "600", on=TUE)
    rows, money = holdings(stk="1200", stk_price="50")
    theirs, their_money = holdings()
    other = cash(4, A2, "10000.00")
    second = play([night(), Night(rows, [*money, other], [split], (theirs, [*their_money, other]))])[1]
    assert ("quantity", "STK", "split") in explained(second, "portfolio_system")


def test_a_sweep_fund_is_cash_under_another_name() -> None:
    from tests.support.small_book import with_rows

    securities = with_rows("securities.csv", "SWP,Sweep fund,money_market,cash,SWP,,1,,false")
    rows, money = holdings()
    other = cash(4, A2, "10000.00")
    theirs = [*rows, position(9, A1, "SWP", "5000", "1", "5000.00")]
    result = play([Night(rows, [*money, other], (), (theirs, [other]))], securities_csv=securities)[0]
    assert stops(result) == set()
    assert explained(result, "portfolio_system") == {("quantity", "SWP", "sweep")}


def test_accrued_interest_and_private_prices() -> None:
    muni = position(9, A1, None, "1000", "104", "1040.00", cusip="333333333", accrued_ccy="12.34")
    rows, money = holdings()
    other = cash(4, A2, "10000.00")
    theirs = [*rows, dict(muni, value_ccy="1052.34", accrued_ccy=None)]
    result = play([Night([*rows, muni], [*money, other], (), (theirs, [*money, other]))])[0]
    assert stops(result) == set()
    assert explained(result, "portfolio_system") == {("value", "MUNI", "accrued_interest")}
    private = position(9, A1, "PRIV", "10", "100", "1000.00", price_date=dt.date(2025, 12, 31))
    older = [*rows, dict(private, price_ccy="97", value_ccy="970.00", price_date=dt.date(2025, 9, 30))]
    result = play([Night([*rows, private], [*money, other], (), (older, [*money, other]))])[0]
    assert stops(result) == set()
    assert explained(result, "portfolio_system") == {("value", "PRIV", "private_price")}


def test_pending_money_that_the_system_does_not_count() -> None:
    both = night()
    both.cash = [*both.cash, cash(8, A1, "300", "pending")]
    assert ("cash", "CASH:USD", "pending") in explained(play([both])[0], "portfolio_system")


def test_without_the_systems_files_it_says_so_and_stops_nobody() -> None:
    rows, money = holdings()
    result = play([Night(rows, [*money, cash(4, A2, "10000.00")])])[0]
    assert stops(result) == set()
    assert set(result.exceptions["check"]) == {"not_compared"}
