"""The roll-forward: yesterday and its transactions give today, or the account stops."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.support.nights import A1, A2, Night, explained, holdings, ledger_of, moved, ordered, play, stops
from tests.support.parsed_files import cash, position

MON, TUE, WED = dt.date(2026, 3, 2), dt.date(2026, 3, 3), dt.date(2026, 3, 4)


def night(*, transactions: Any = (), orders: Any = None, **held: Any) -> Night:
    rows, money = holdings(**held)
    return Night(rows, [*money, cash(4, A2, "10000.00")], transactions, orders=orders)


def test_nothing_moved_and_nothing_is_said() -> None:
    first, second = play([night(), night()])
    assert stops(first) == stops(second) == set()
    assert not second.breaks.height
    assert ledger_of(second, "A1") == {"STK": 600, "BND": 350, "CASH:USD": 5000}


@pytest.mark.parametrize(
    ("transactions", "held", "expected"),
    [
        (
            [moved(1, A1, "buy", "-1000", "STK", "10", on=TUE)],
            {"stk": "610", "money": "4000"},
            {("quantity", "STK", "trade"), ("cash", "CASH:USD", "trade")},
        ),
        (
            [moved(1, A1, "dividend", "50", "STK", on=TUE), moved(2, A1, "reinvest", "-50", "STK", "0.5", on=TUE)],
            {"stk": "600.5"},
            {("quantity", "STK", "reinvestment")},
        ),
        ([moved(1, A1, "deposit", "250", on=TUE)], {"money": "5250"}, {("cash", "CASH:USD", "deposit")}),
        ([moved(1, A1, "fee", "-40", on=TUE)], {"money": "4960"}, {("cash", "CASH:USD", "fee")}),
        (
            [moved(1, A1, "transfer_in", None, "STK", "40", on=TUE)],
            {"stk": "640"},
            {("quantity", "STK", "transfer")},
        ),
        ([moved(1, A1, "split", None, "STK", "600", on=TUE)], {"stk": "1200", "stk_price": "50"}, {("quantity", "STK", "split")}),
        (
            [moved(1, A1, "merger", None, "STK", "-600", on=TUE), moved(2, A1, "merger", None, "BND", "600", on=TUE)],
            {"stk": "0", "bnd": "950"},
            {("quantity", "STK", "merger"), ("quantity", "BND", "merger")},
        ),
    ],
)  # fmt: skip
def test_what_transactions_explain_is_recorded_with_them(transactions: Any, held: Any, expected: set[Any]) -> None:
    _, second = play([night(), night(transactions=transactions, **held)])
    assert stops(second) == set()
    assert explained(second, "roll_forward") == expected
    assert all(row["transaction_ids_json"].startswith('["tx-') for row in second.breaks.iter_rows(named=True))


@pytest.mark.parametrize(
    ("held", "check"),
    [
        ({"stk": "610"}, "roll_quantity"),
        ({"stk": "-600"}, "roll_quantity"),
        ({"stk": "60"}, "roll_quantity"),
        ({"stk": "0"}, "roll_quantity"),
        ({"money": "500.00"}, "roll_cash"),
        ({"money": "-5000.00"}, "roll_cash"),
    ],
)
def test_what_nothing_explains_stops_the_account(held: Any, check: str) -> None:
    _, second = play([night(), night(**held)])
    assert stops(second) == {(check, "A1")}
    assert set(second.coverage.filter(account_id="A1")["status"]) == {"quarantined"}
    assert ledger_of(second, "A1") == {"STK": 600, "BND": 350, "CASH:USD": 5000}


def test_a_wrong_figure_does_not_become_right_by_standing_still() -> None:
    nights = play([night(), night(stk="610"), night(stk="610"), night()])
    assert [stops(each) for each in nights] == [set(), {("roll_quantity", "A1")}, {("roll_quantity", "A1")}, set()]
    ids = {each.exceptions.filter(check="roll_quantity")["exception_id"].item() for each in nights[1:3]}
    assert len(ids) == 1, "the same finding, with its age"


def test_a_release_takes_the_custodians_figure() -> None:
    wrong = play([night(), night(stk="610")])[1]
    found = wrong.exceptions.filter(check="roll_quantity").row(0, named=True)
    release = {
        "release_id": "re-1", "exception_id": found["exception_id"], "check": "roll_quantity", "subject_id": "A1", "from_date": TUE,
        "until_date": TUE, "actor": "olga", "role": "operations", "reason": "confirmed by phone",
        "released_at": dt.datetime(2026, 3, 4, 12, tzinfo=dt.UTC),
    }  # fmt: skip
    _, second, third = play([night(), night(stk="610"), night(stk="610")], releases=[release])
    assert stops(second) == stops(third) == set()
    assert second.exceptions.filter(effect="released").select("check", "release_id").rows() == [
        ("roll_quantity", "re-1")
    ]
    assert set(second.coverage.filter(account_id="A1")["status"]) == {"scanned"}
    assert ledger_of(third, "A1")["STK"] == 610


def test_one_cause_raises_one_break() -> None:
    # Ten units bought for 1,002 without a word: units and money are off together.
    _, second = play([night(), night(stk="610", money="3998.00")])
    assert stops(second) == {("roll_quantity", "A1")}
    assert explained(second, "roll_forward") == {("cash", "CASH:USD", "same_cause")}


def test_a_custodian_that_books_at_settlement_is_explained_and_settles() -> None:
    buy = moved(1, A1, "buy", "-1000", "STK", "10", on=TUE, settles=WED)
    _, second, third = play([night(), night(transactions=[buy]), night(stk="610", money="4000")])
    assert stops(second) == stops(third) == set()
    assert {("quantity", "STK", "settlement"), ("cash", "CASH:USD", "settlement")} <= explained(second, "roll_forward")
    assert not third.breaks.height


def test_an_order_of_ours_explains_units_before_their_transaction_comes() -> None:
    sent, filled = (
        ordered(1, A1, "O-1", "STK", "buy", "10", state, filled_qty=done)
        for state, done in (("sent", "0"), ("filled", "10"))
    )
    buy = moved(1, A1, "buy", "-1001", "STK", "10", on=TUE)
    _, second, third = play(
        [
            night(orders=[sent]),
            night(orders=[filled], stk="610", money="3999"),
            night(orders=[filled], stk="610", money="3999", transactions=[buy]),
        ]
    )
    assert stops(second) == stops(third) == set()
    assert explained(second, "roll_forward") == {("quantity", "STK", "own_order"), ("cash", "CASH:USD", "own_order")}


def test_a_split_without_a_word_is_known_by_its_shape() -> None:
    _, second, third = play([night(), night(stk="1200", stk_price="50.3"), night(stk="1200", stk_price="50.3")])
    assert stops(second) == stops(third) == set()
    assert ("quantity", "STK", "split") in explained(second, "roll_forward")
    # Units that double at an unchanged price are no split, nor are those that double again beside a split's transaction.
    told = moved(1, A1, "split", None, "STK", "600", on=TUE)
    assert ("roll_quantity", "A1") in stops(play([night(), night(stk="2400", stk_price="50", transactions=[told])])[1])
    assert ("roll_quantity", "A1") in stops(play([night(), night(stk="1200")])[1])


def test_pending_money_is_explained_until_its_transaction_comes() -> None:
    pending = night()
    pending.cash = [*pending.cash, cash(5, A1, "300", "pending")]
    deposit = moved(1, A1, "deposit", "300", on=WED)
    _, second, third = play([night(), pending, night(money="5300", transactions=[deposit])])
    assert stops(second) == stops(third) == set()
    assert explained(second, "roll_forward") == {("cash", "CASH:USD", "pending")}


def test_a_history_that_repeats_itself_counts_once() -> None:
    buy = moved(1, A1, "buy", "-1000", "STK", "10", on=TUE)
    nights = play([night(), *(night(stk="610", money="4000", transactions=[buy]) for _ in range(3))])
    assert [stops(each) for each in nights] == [set()] * 4


def test_a_transaction_posted_late_counts_when_it_comes() -> None:
    fee = moved(1, A1, "fee", "-40", on=MON)
    _, second = play([night(), night(money="4960", transactions=[fee])])
    assert stops(second) == set()


def test_the_first_night_and_a_new_account_open_the_ledger() -> None:
    first = night()
    first.cash = first.cash[:1]
    nights = play([first, night()], accounts_csv=(
        "account_id,account_number,custodian,household_id,portfolio_id,tax_unit_id,registration,model_id,segment,state\n"
        "A1,1000-0001,alpha,H1,,T1,individual,mix,,open\nA2,1000-0002,alpha,H2,P2,T2,individual,,,new\n"
    ))  # fmt: skip
    assert [stops(each) for each in nights] == [set(), set()]
    assert ledger_of(nights[1], "A2") == {"CASH:USD": 10000}


def test_after_a_session_left_out_nothing_is_judged_and_it_says_so() -> None:
    first = play([night()])[0]
    from evenkeel.run.house import house_policy
    from evenkeel.stages.reconcile.before import Before
    from evenkeel.stages.reconcile.stage import reconcile
    from tests.support.nights import book_of, landed_of  # the second night, two sessions on

    book = book_of(WED)
    result = reconcile(
        WED, landed_of(WED, night(stk="610"), book), book, house_policy(book), is_past_deadline=True,
        before=Before(ledger=first.ledger, rolled=first.rolled_transactions),
    )  # fmt: skip
    assert stops(result) == set()
    assert set(result.exceptions["check"]) >= {"not_rolled"}
    assert ledger_of(result, "A1")["STK"] == 610


def test_an_order_that_vanishes_stops_its_account() -> None:
    sent = ordered(1, A1, "O-1", "STK", "buy", "10", "sent", filled_qty="0")
    other = ordered(2, A2, "O-2", "STK", "buy", "10", "sent", filled_qty="0")
    assert stops(play([night(orders=[sent, other]), night(orders=[other])])[1]) == {("order_lost", "A1")}
    assert stops(play([night(orders=[sent]), night()])[1]) == {("order_lost", "A1")}
    buy = moved(1, A1, "buy", "-1000", "STK", "10", on=TUE)
    assert stops(play([night(orders=[sent]), night(stk="610", money="4000", transactions=[buy])])[1]) == set()


def test_a_short_position_and_an_unknown_one_are_rolled_too() -> None:
    short = night()
    short.positions = [*short.positions, position(9, A1, "PRIV", "-5", "10", "-50.00", price_date=MON)]
    assert stops(play([short, short])[1]) == set()
    assert stops(play([short, night()])[1]) == {("roll_quantity", "A1")}
