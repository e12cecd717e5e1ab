"""What each check stops, and that it stops nothing else."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from data_contracts.control_totals import ControlTotals
from data_contracts.fx_rates import FxRates
from data_contracts.open_orders import OpenOrders
from data_contracts.tax_lots import TaxLots
from data_contracts.vocab import Check
from evenkeel.errors import FileStopped
from evenkeel.ports import ParsedFile, RejectedRow
from evenkeel.run.house import house_policy
from evenkeel.stages.ingest.land import land
from evenkeel.stages.ingest.read_file import ReadFile
from evenkeel.stages.reconcile.stage import Reconciled, reconcile
from tests.support.parsed_files import cash, frame, parsed, position, read_file
from tests.support.small_book import KEYER, MONDAY, small_book, with_rows

A1, A2, A3, A4 = "1000-0001", "1000-0002", "2000-0003", "2000-0004"


def alpha(*extra: dict[str, Any], **more: Any) -> ParsedFile:
    return parsed(
        [position(1, A1, "STK", "600", "100", "60000.00"), position(2, A1, "BND", "350", "100", "35000.00"), *extra],
        [cash(3, A1, "5000.00"), cash(4, A2, "10000.00")],
        **more,
    )


def beta(*extra: dict[str, Any], **more: Any) -> ParsedFile:
    return parsed(
        [position(1, A3, "STK", "10", "100", "1000"), *extra], [cash(2, A3, "90"), cash(3, A4, "50000")], **more
    )


def outcome(files: list[ReadFile], *, late: bool = False, **changes: str) -> Reconciled:
    book = small_book(**changes)
    return reconcile(MONDAY, land(MONDAY, files, book, KEYER), book, house_policy(book), is_past_deadline=not late)


def both(first: ParsedFile | None = None, second: ParsedFile | None = None) -> list[ReadFile]:
    return [read_file("alpha", first or alpha()), read_file("beta", second or beta())]


def statuses(result: Reconciled) -> dict[str, str]:
    return dict(result.coverage.select("account_id", "status").iter_rows())


def checks(result: Reconciled, effect: str = "stop") -> set[str]:
    return set(result.exceptions.filter(pl.col("effect") == effect)["check"].to_list())


def test_clean_files_scan_every_account() -> None:
    result = outcome(both())
    assert set(statuses(result).values()) == {"scanned"}
    assert checks(result) == set()
    a1 = result.holdings.filter(pl.col("account_id") == "A1").select("security_id", "value_usd").rows()
    assert a1 == [("BND", Decimal("35000.00")), ("CASH:USD", Decimal("5000.00")), ("STK", Decimal("60000.00"))]


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        (position(9, A1, "STK", "1", "100", "200"), "value_product"),
        (position(9, A1, "XXX", "1", "100", "100"), "security_unknown"),
        (position(9, A1, "STK", "1", None, None, sub_account="margin"), "price_missing"),
        (position(9, A1, "STK", "1", "0", "0", sub_account="margin"), "price_missing"),
        (position(9, A1, "STK", "600", "100", "60000.00"), "duplicate_position"),
        (position(9, A1, "STK", "1", "100", "100", currency="CHF"), "currency_no_rate"),
        (position(9, A1, "STK", None, "100", "100"), "value_missing"),
        (position(9, A1, "STK", "1", "100", "100", price_date=dt.date(2026, 2, 27)), "price_stale"),
        (position(9, A1, "BND", "1", "100", "100", cusip="111111111"), "security_conflict"),
    ],
)
def test_a_damaged_row_stops_its_account_alone(damage: dict[str, Any], check: str) -> None:
    result = outcome(both(alpha(damage)))
    assert checks(result) == {check}
    assert statuses(result) == {"A1": "quarantined", "A2": "scanned", "A3": "scanned", "A4": "scanned"}
    assert "A1" not in result.holdings["account_id"].to_list()


def test_a_quarantined_member_makes_its_household_wait() -> None:
    result = outcome(both(second=beta(position(9, A3, "STK", "1", "100", "200"))))
    assert statuses(result) == {"A1": "scanned", "A2": "household_waits", "A3": "quarantined", "A4": "scanned"}
    reason = result.coverage.filter(pl.col("account_id") == "A2")["reason"].item()
    assert reason == "its household is measured only whole and waits for A3 (stopped by a check)"


def test_a_bond_is_priced_per_hundred() -> None:
    bond = position(9, A1, None, "5000", "101.5", "5075.00", cusip="333333333")
    assert checks(outcome(both(alpha(bond)))) == set()


def test_a_price_printed_with_two_decimals_explains_half_a_cent_a_unit() -> None:
    # 10,000 units at 10.03 print 100,300; a net asset value of 10.0349 prints the same price and makes 100,349.
    assert (
        checks(outcome(both(alpha(position(9, A1, "PRIV", "10000", "10.03", "100349.00", sub_account="margin")))))
        == set()
    )
    assert checks(
        outcome(both(alpha(position(9, A1, "PRIV", "10000", "10.03", "100351.00", sub_account="margin"))))
    ) == {"value_product"}


def test_the_same_fund_from_two_plan_sources_adds_up() -> None:
    result = outcome(both(alpha(position(9, A1, "STK", "2", "100", "200"))))
    assert checks(result) == set()
    held = result.holdings.filter(pl.col("account_id") == "A1", pl.col("security_id") == "STK")
    assert held["value_usd"].item() == Decimal("60200.00")


def test_a_private_holding_may_have_a_quarterly_price() -> None:
    fresh = position(9, A1, "PRIV", "1", "100", "100", price_date=dt.date(2025, 12, 31))
    assert checks(outcome(both(alpha(fresh)))) == set()
    old = position(9, A1, "PRIV", "1", "100", "100", price_date=dt.date(2025, 9, 30))
    assert checks(outcome(both(alpha(old)))) == {"price_stale"}


def test_lots_must_add_up() -> None:
    def lots(qty: str, cost: str) -> dict[str, Any]:
        rows = [
            {
                "row_no": 20,
                "source_account": A1,
                "symbol": "STK",
                "held_qty": "400",
                "cost_ccy": "30000",
                "currency": "USD",
                "as_of_date": MONDAY,
            },
            {
                "row_no": 21,
                "source_account": A1,
                "symbol": "STK",
                "held_qty": qty,
                "cost_ccy": cost,
                "currency": "USD",
                "as_of_date": MONDAY,
            },
        ]
        return {"tables": {TaxLots: frame(TaxLots, rows)}}

    assert checks(outcome(both(alpha(**lots("200", "9000"))))) == set()
    assert checks(outcome(both(alpha(**lots("201", "9000"))))) == {"lots_quantity"}


def test_a_stated_account_total_is_believed_over_the_rows() -> None:
    def total(stated: str) -> dict[str, Any]:
        rows = [
            {"row_no": 30, "source_account": A1, "total_kind": "account_value", "currency": "USD", "stated": stated}
        ]
        return {"tables": {ControlTotals: frame(ControlTotals, rows)}}

    assert checks(outcome(both(alpha(**total("100000.00"))))) == set()
    missing_row = outcome(both(alpha(**total("112345.00"))))
    assert checks(missing_row) == {"total_mismatch"}
    assert statuses(missing_row)["A1"] == "quarantined"


def test_an_unreadable_row_stops_the_accounts_around_it() -> None:
    rejects = [RejectedRow(2, "quantity is not a number", "x")]
    book_rows = [position(1, A1, "STK", "1", "100", "100"), position(3, A1, "BND", "1", "100", "100")]
    many = [position(10 + i, A2, "STK", str(i + 1), "100", str(100 * (i + 1)), sub_account="other") for i in range(40)]
    result = outcome(both(parsed([*book_rows, *many], [cash(60, A2, "1")], rejects=rejects)))
    assert statuses(result)["A1"] == "quarantined"
    assert statuses(result)["A2"] == "scanned" or statuses(result)["A2"] == "household_waits"
    assert checks(result) == {"row_unreadable"}


def test_too_many_unreadable_rows_stop_the_whole_file() -> None:
    result = outcome(both(alpha(rejects=[RejectedRow(7, "cut off", "x")])))
    assert {statuses(result)[name] for name in ("A1", "A2")} == {"quarantined"}
    assert statuses(result)["A4"] == "scanned"


def test_a_missing_feed_waits_until_the_deadline_and_then_stops() -> None:
    only_alpha = [read_file("alpha", alpha())]
    early = outcome(only_alpha, late=True)
    assert checks(early) == set()
    assert checks(early, "wait") == {"feed_late"}
    assert statuses(early) == {"A1": "scanned", "A2": "household_waits", "A3": "waiting", "A4": "waiting"}
    assert checks(outcome(only_alpha)) == {"feed_missing"}


def test_an_account_that_did_not_come_is_stopped() -> None:
    result = outcome(both(second=parsed([position(1, A3, "STK", "10", "100", "1000")], [cash(2, A3, "90")])))
    assert checks(result) == {"account_missing"}
    assert statuses(result)["A4"] == "quarantined"


def test_an_account_that_the_book_does_not_know_is_noted() -> None:
    result = outcome(both(alpha(position(9, "7777-1234", "STK", "1", "100", "100"))))
    assert checks(result) == set()
    notes = result.exceptions.filter(pl.col("check") == "account_unknown")["message"].to_list()
    assert len(notes) == 1
    assert "…1234" in notes[0]
    assert "7777" not in notes[0]


def test_a_stopped_file_says_so_and_its_accounts_are_missing() -> None:
    stopped = FileStopped(Check.FILE_TRUNCATED, "it ends in the middle of row 7; ask for it again")
    result = outcome([read_file("alpha", stopped), read_file("beta", beta())])
    assert checks(result) == {"file_truncated", "feed_missing"}
    message = result.exceptions.filter(pl.col("check") == "file_truncated")["message"].item()
    assert "feed alpha: file.csv: it ends in the middle of row 7" in message


def test_money_of_another_currency_is_converted_over_a_cross() -> None:
    # 1 USD = 0.8 CHF, 1 EUR = 0.96 CHF: 1 EUR = 1.2 USD.
    rates = [
        {"row_no": 40, "rate_date": MONDAY, "currency_from": "USD", "currency_to": "CHF", "rate": "0.8"},
        {"row_no": 41, "rate_date": MONDAY, "currency_from": "EUR", "currency_to": "CHF", "rate": "0.96"},
    ]
    euro = position(9, A1, "STK", "1", "100", "100", currency="EUR", sub_account="margin")
    result = outcome(both(alpha(euro, tables={FxRates: frame(FxRates, rates)})))
    assert checks(result) == set()
    held = result.holdings.filter(pl.col("account_id") == "A1", pl.col("security_id") == "STK")
    assert held["value_usd"].item() == Decimal("60120.00")


ORDERS = "- {feed: orders, role: orders, layout: schwab_csv, location: inbox/orders, is_required: false}\n"


def test_an_open_order_counts_as_done() -> None:
    order = {
        "row_no": 1, "source_account": A1, "order_id": "O1", "placed_date": MONDAY, "side": "sell", "state": "sent",
        "symbol": "STK", "currency": "USD", "order_qty": "50", "filled_qty": "0", "estimated_price_ccy": "100",
    }  # fmt: skip
    feeds = with_rows("feeds.yaml") + ORDERS
    files = [*both(), read_file("orders", parsed(tables={OpenOrders: frame(OpenOrders, [order])}))]
    result = outcome(files, feeds_yaml=feeds)
    rows = (
        result.holdings.filter(pl.col("account_id") == "A1").select("security_id", "value_usd", "proforma_usd").rows()
    )
    assert rows == [
        ("BND", Decimal("35000.00"), Decimal("35000.00")),
        ("CASH:USD", Decimal("5000.00"), Decimal("10000.00")),
        ("STK", Decimal("60000.00"), Decimal("55000.00")),
    ]


def test_cash_that_is_spoken_for_counts_as_gone() -> None:
    planned = "planned_id,account_id,kind,due_date,amount_usd\nC1,A1,required_distribution,2026-03-20,2000\nC2,A1,fee,2026-06-30,1\n"
    result = outcome(both(), planned_cash_csv=planned)
    held = result.holdings.filter(pl.col("account_id") == "A1", pl.col("security_id") == "CASH:USD")
    assert held.select("value_usd", "proforma_usd").row(0) == (Decimal("5000.00"), Decimal("3000.00"))


def test_a_suspension_holds_until_a_person_ends_it() -> None:
    header = "suspension_id,account_id,kind,reason,actor,from_date,review_date,ended_date\n"
    running = outcome(both(), suspensions_csv=header + "S1,A1,compliance_hold,asked,carl,2026-01-02,2026-02-01,\n")
    assert statuses(running)["A1"] == "suspended"
    ended = outcome(
        both(), suspensions_csv=header + "S1,A1,compliance_hold,asked,carl,2026-01-02,2026-02-01,2026-03-02\n"
    )
    assert statuses(ended)["A1"] == "scanned"


def test_coverage_adds_up_to_the_book() -> None:
    result = outcome([read_file("beta", beta(position(9, A3, "STK", "1", "100", "200")))])
    assert result.coverage.height == 4
    assert result.coverage["reason"].null_count() == sum(status == "scanned" for status in statuses(result).values())


def test_a_later_file_replaces_the_account_and_is_not_merged() -> None:
    corrected = parsed(
        [position(1, A1, "STK", "500", "100", "50000")], [cash(3, A1, "5000.00"), cash(4, A2, "10000.00")]
    )
    files = [
        read_file("alpha", alpha(), name="first.csv"),
        read_file("alpha", corrected, name="second.csv"),
        read_file("beta", beta()),
    ]
    result = outcome(files)
    held = result.holdings.filter(pl.col("account_id") == "A1").select("security_id", "value_usd").rows()
    assert held == [("CASH:USD", Decimal("5000.00")), ("STK", Decimal("50000.00"))]


def order(row_no: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "row_no": row_no, "source_account": A1, "order_id": f"O{row_no}", "placed_date": MONDAY, "side": "sell",
        "state": "sent", "symbol": "STK", "currency": "USD", "order_qty": "50", "filled_qty": "0",
        "estimated_price_ccy": "100", **changes,
    }  # fmt: skip


def order_file(*orders: dict[str, Any], name: str = "orders.csv", **more: Any) -> ReadFile:
    file = parsed(tables={OpenOrders: frame(OpenOrders, orders)}, **more)
    return read_file("orders", replace(file, tables={OpenOrders: file.tables[OpenOrders]}), name=name)


def with_orders(*files: ReadFile, feed: str = ORDERS, late: bool = False) -> Reconciled:
    return outcome([*both(), *files], feeds_yaml=with_rows("feeds.yaml") + feed, late=late)


def proforma(result: Reconciled, security: str) -> Decimal:
    held = result.holdings.filter(pl.col("account_id") == "A1", pl.col("security_id") == security)
    value: Decimal = held["proforma_usd"].item()
    return value


@pytest.mark.parametrize(
    "changes",
    [
        {"symbol": "ZZZ", "order_qty": None, "order_value_ccy": "1000", "estimated_price_ccy": None},
        {"state": "part_filled", "filled_qty": None},
        {"filled_qty": "51"},
        {"state": "part_filled", "symbol": "PRIV", "order_qty": None, "order_value_ccy": "1000", "filled_qty": "3",
         "estimated_price_ccy": None},
    ],
)  # fmt: skip
def test_an_order_of_which_the_rest_is_unknown_stops_its_account(changes: dict[str, Any]) -> None:
    result = with_orders(order_file(order(**changes)))
    assert statuses(result) == {"A1": "quarantined", "A2": "scanned", "A3": "scanned", "A4": "scanned"}


def test_what_is_filled_of_an_order_in_dollars_is_held_already() -> None:
    result = with_orders(
        order_file(order(side="buy", state="part_filled", order_qty=None, order_value_ccy="1000", filled_qty="6"))
    )
    assert proforma(result, "STK") == Decimal("60400.00")


def test_an_order_that_stands_twice_stops_its_account() -> None:
    assert checks(with_orders(order_file(order(1), order(2, order_id="O1")))) == {"duplicate_position"}


def test_a_later_order_file_replaces_the_earlier_one_also_when_no_order_is_left() -> None:
    done = with_orders(order_file(order()), order_file(name="later.csv"))
    assert proforma(done, "STK") == Decimal("60000.00")


def test_an_unreadable_order_stops_the_accounts_of_its_file() -> None:
    result = with_orders(order_file(order(), rejects=[RejectedRow(2, "quantity is not a number", "x")]))
    assert statuses(result) == {"A1": "quarantined", "A2": "scanned", "A3": "scanned", "A4": "scanned"}


def test_orders_that_are_expected_and_do_not_come_hold_up_the_accounts_they_may_be_of() -> None:
    needed = ORDERS.replace("is_required: false", "expects: [orders]")
    assert set(statuses(with_orders(feed=needed)).values()) == {"waiting"}
    assert set(statuses(with_orders(order_file(), feed=needed)).values()) == {"scanned"}
    of_beta = needed.replace("role: orders", "role: orders, custodian: beta")
    waiting = {"A1": "scanned", "A2": "household_waits", "A3": "waiting", "A4": "waiting"}
    assert statuses(with_orders(feed=of_beta)) == waiting


def test_an_order_is_priced_in_its_own_currency() -> None:
    rates = [{"row_no": 40, "rate_date": MONDAY, "currency_from": "EUR", "currency_to": "USD", "rate": "1.2"}]
    euro = position(9, A2, "STK", "1", "900", "900", currency="EUR")
    files = both(alpha(euro, tables={FxRates: frame(FxRates, rates)}))
    result = outcome([*files, order_file(order(estimated_price_ccy=None))], feeds_yaml=with_rows("feeds.yaml") + ORDERS)
    assert proforma(result, "STK") == Decimal("55000.00")


def test_one_security_in_two_currencies_adds_up_in_dollars() -> None:
    rates = [{"row_no": 40, "rate_date": MONDAY, "currency_from": "EUR", "currency_to": "USD", "rate": "1.2"}]
    rows = [
        position(1, A1, "STK", "10", "100", "1000", cost_ccy="900"),
        position(2, A1, "STK", "1", "90", "90", currency="EUR", sub_account="margin", cost_ccy="50"),
    ]
    file = parsed(rows, [cash(3, A1, "5000"), cash(4, A2, "1")], tables={FxRates: frame(FxRates, rates)})
    held = outcome(both(file)).holdings.filter(pl.col("account_id") == "A1", pl.col("security_id") == "STK")
    assert held.select("price_usd", "cost_usd", "value_usd").row(0) == (Decimal(100), Decimal(960), Decimal(1108))


def test_the_newest_rate_before_the_next_session_counts() -> None:
    rates = [
        {"row_no": row_no, "rate_date": date, "currency_from": "EUR", "currency_to": "USD", "rate": rate}
        for row_no, date, rate in (
            (40, dt.date(2026, 2, 27), "1.1"), (41, MONDAY, "1.2"), (42, MONDAY, "1.3"), (43, dt.date(2026, 3, 3), "9"),
        )
    ]  # fmt: skip
    euro = position(9, A1, "STK", "1", "100", "100", currency="EUR", sub_account="margin")
    result = outcome(both(alpha(euro, tables={FxRates: frame(FxRates, rates)})))
    assert proforma(result, "STK") == Decimal("60120.00")


def test_dollars_in_cash_are_rounded_from_what_was_sent_and_not_from_a_float() -> None:
    result = outcome(both(parsed([], [cash(3, A1, "1.015"), cash(4, A2, "90071992547409.93")])))
    held = dict(result.holdings.select("account_id", "value_usd").rows())
    assert (held["A1"], held["A2"]) == (Decimal("1.02"), Decimal("90071992547409.93"))


def test_a_holding_from_two_feeds_of_one_custodian_is_not_added_to_itself() -> None:
    feeds = with_rows(
        "feeds.yaml", "- {feed: more, custodian: alpha, layout: schwab_csv, location: inbox/more, is_required: false}"
    )
    again = parsed([position(1, A1, "STK", "600", "100.5", "60300.00")])
    result = outcome([*both(), read_file("more", again)], feeds_yaml=feeds)
    assert checks(result) == {"duplicate_position"}
    assert statuses(result)["A1"] == "quarantined"
    apart = parsed([position(1, A1, "PRIV", "1", "100", "100")])
    assert checks(outcome([*both(), read_file("more", apart)], feeds_yaml=feeds)) == set()
    money = parsed([], [cash(1, A1, "5000", "sweep")])
    assert checks(outcome([*both(), read_file("more", money)], feeds_yaml=feeds)) == {"duplicate_position"}


def test_the_same_bytes_at_two_feeds_are_two_files() -> None:
    total = [{"row_no": 30, "source_account": A1, "total_kind": "account_value", "currency": "USD", "stated": "100000"}]
    file = read_file("alpha", alpha(tables={ControlTotals: frame(ControlTotals, total)}))
    feeds = with_rows(
        "feeds.yaml", "- {feed: port, role: portfolio_system, layout: schwab_csv, location: in/p, is_required: false}"
    )
    files = [file, replace(file, feed="port"), read_file("beta", beta())]
    result = outcome(files, feeds_yaml=feeds)
    # The portfolio system has alpha's accounts alone: those at beta that hold something are missing there.
    stopped = result.exceptions.filter(effect="stop").select("check", "account_id").sort("account_id").rows()
    assert stopped == [("break_account", "A3"), ("break_account", "A4")]
    assert proforma(result, "STK") == Decimal("60000.00")


@pytest.mark.parametrize("year", [1, 1900, 1970])
def test_a_price_of_no_date_is_stale_and_breaks_nothing(year: int) -> None:
    old = position(9, A1, "STK", "1", "100", "100", sub_account="margin", price_date=dt.date(year, 1, 1))
    assert checks(outcome(both(alpha(old)))) == {"price_stale"}


def with_states(**states: str) -> str:
    header, *rows = with_rows("accounts.csv", "A5,1000-0005,alpha,H3,,,individual,mix,").split()
    return "\n".join([f"{header},state", *(f"{row},{states.get(row[:2], 'open')}" for row in rows)]) + "\n"


def test_an_account_that_is_held_back_may_be_missing() -> None:
    result = outcome(both(), accounts_csv=with_states(A5="new"))
    assert checks(result) == set()
    assert checks(result, "note") == {"account_missing"}
    assert statuses(result)["A5"] == "state_hold"
    assert checks(outcome(both(), accounts_csv=with_states())) == {"account_missing"}


def test_a_closed_account_stops_nothing() -> None:
    result = outcome(
        both(alpha(position(9, A1, "XXX", "1", "100", "100"))), accounts_csv=with_states(A1="closed", A5="new")
    )
    assert checks(result) == set()
    assert "security_unknown" in checks(result, "note")
    assert "A1" not in statuses(result)
