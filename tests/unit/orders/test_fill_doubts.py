"""Fills that cannot be what was ordered, and fills that must be missing."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from data_contracts.vocab import DifferenceKind, FillStatus
from evenkeel.orders.differences import differences_frame
from evenkeel.orders.fill_doubts import fill_doubts
from evenkeel.ports.orders import Fill, OrderNews
from tests.support.ordering import BUY, block_of, fill

D = Decimal
SALE = block_of(("A", "60"), ("B", "40"), security_id="XOM", price="110")
PURCHASE = block_of(("A", "100"), security_id="XOM", side=BUY, price="110")


def news(one: Fill, counted: str | None = None, seconds: int = 0) -> OrderNews:
    return OrderNews(
        one.order_id,
        None,
        one,
        "",
        one.filled_at + dt.timedelta(seconds=seconds),
        None if counted is None else D(counted),
    )


def kinds(*told: OrderNews) -> list[DifferenceKind]:
    return [one.kind for one in fill_doubts([SALE, PURCHASE], told)]


def test_fills_as_ordered_raise_no_doubt() -> None:
    assert (SALE.limit_price_usd, PURCHASE.limit_price_usd) == (D("108.90"), D("111.10"))
    assert kinds(news(fill(SALE, "E1", "100", "108.90"), "100"), news(fill(PURCHASE, "E2", "30", "111.10"))) == []
    assert kinds() == []


def test_a_price_beyond_the_limit_is_told_on_either_side() -> None:
    assert kinds(news(fill(SALE, "E1", "10", "108.89"))) == [DifferenceKind.BEYOND_LIMIT]
    assert kinds(news(fill(PURCHASE, "E1", "10", "111.11"))) == [DifferenceKind.BEYOND_LIMIT]


def test_too_much_another_day_and_an_unknown_order_are_told() -> None:
    assert kinds(news(fill(SALE, "E1", "101", "110"))) == [DifferenceKind.OVERFILLED]
    late = replace(fill(SALE, "E1", "10", "110"), trade_date=dt.date(2026, 3, 5))
    assert kinds(news(late)) == [DifferenceKind.OTHER_DATE]
    (unknown,) = fill_doubts([SALE], [news(replace(fill(SALE, "E1", "10", "110"), order_id="ord-x"))])
    assert (unknown.kind, unknown.order_id, unknown.subject, unknown.found) == (
        DifferenceKind.UNKNOWN_ORDER,
        "ord-x",
        "E1",
        D(10),
    )


def test_a_lost_report_shows_in_the_custodians_own_count() -> None:
    first, third = fill(SALE, "E1", "30", "110"), fill(SALE, "E3", "30", "110", 55)
    (missing,) = fill_doubts([SALE], [news(third, "80"), news(first, "30")])
    assert (missing.kind, missing.expected, missing.found) == (DifferenceKind.FILLS_MISSING, D(80), D(60))
    second = fill(SALE, "E2", "20", "110", 50)
    assert kinds(news(third, "80"), news(second, "50"), news(first, "30")) == []


def test_differences_are_rows_whose_ids_do_not_depend_on_the_figures() -> None:
    day = dt.date(2026, 3, 4)
    told = [news(fill(SALE, "E1", "60", "100"), "80"), news(fill(SALE, "E2", "50", "90"))]
    frame = differences_frame(day, fill_doubts([SALE], told))
    assert frame.get_column("kind").sort().to_list() == ["beyond_limit", "beyond_limit", "fills_missing", "overfilled"]
    assert set(frame.get_column("order_id")) == {SALE.order_id}
    other = differences_frame(day, fill_doubts([SALE], [news(fill(SALE, "E1", "70", "101"), "80"), told[1]]))
    assert other.get_column("difference_id").to_list() == frame.get_column("difference_id").to_list()


def test_a_fill_that_was_broken_is_not_judged() -> None:
    bad = fill(SALE, "E1", "101", "100")
    bust = Fill(SALE.order_id, "X1", D(0), D(0), bad.filled_at, bad.trade_date, FillStatus.BROKEN, "E1")
    assert kinds(news(bad, "101"), news(bust, "0", 5)) == []
