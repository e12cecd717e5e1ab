"""Fills from CSV: headers in any words and order, and each row read or told."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from data_contracts.vocab import FillStatus
from evenkeel.adapters.orders.fills_csv import read_fills_csv
from evenkeel.errors import UsageError
from evenkeel.orders.fills import standing

UTC = dt.UTC


def test_columns_are_found_by_their_headers() -> None:
    for text in (
        "Order ID,Exec ID,Quantity,Price,Time\nord-1,E1,30,250.10,2026-03-04T09:46:30-05:00\n",
        "\ufeffNote,Last Px,Client Order Id,Last Qty,Transact Time,ExecID\r\nx,$250.10,ord-1,30,03/04/2026 09:46:30,E1\r\n",
        "ClOrdID,Fill Qty,Fill Price,Trade Date,Time,Execution_ID\n\nord-1,30.0,250.10,03/04/2026,09:46:30,E1\n",
    ):
        answers = read_fills_csv(text.encode())
        assert answers.problems == []
        (news,) = answers.news
        assert news.fill is not None
        assert (news.order_id, news.fill.execution_id, news.fill.filled_qty, news.fill.price_usd) == (
            "ord-1",
            "E1",
            Decimal(30),
            Decimal("250.10"),
        )
        assert news.fill.filled_at == dt.datetime(2026, 3, 4, 14, 46, 30, tzinfo=UTC)
        assert news.fill.trade_date == dt.date(2026, 3, 4)


def test_identical_rows_are_two_executions_and_the_same_file_brings_the_same_ids() -> None:
    text = b"order id,qty,price,date\nord-1,30,250,2026-11-27\nord-1,30,250,2026-11-27\n"
    first, second = (read_fills_csv(text).news for _ in range(2))
    assert first == second
    fills = [one.fill for one in first if one.fill]
    assert len({one.execution_id for one in fills}) == 2
    # A date alone: the close of that session, 13:00 on the day after Thanksgiving.
    assert {one.filled_at for one in fills} == {dt.datetime(2026, 11, 27, 18, 0, tzinfo=UTC)}


def test_busts_and_corrections() -> None:
    text = (
        "order id,exec id,qty,price,time,status,refers to\n"
        'ord-1,E1,"1,000",250,2026-03-04T14:46:30Z,Fill,\n'
        "ord-1,E2,20,251,2026-03-04T14:46:31Z,,\n"
        "ord-1,X1,,,2026-03-04T14:50:00Z,busted,E1\n"
        "ord-1,C1,20,250.5,2026-03-04T14:51:00Z,correction,E2\n"
    )
    fills = [one.fill for one in read_fills_csv(text.encode()).news if one.fill]
    assert [one.status for one in fills] == [FillStatus.GOOD, FillStatus.GOOD, FillStatus.BROKEN, FillStatus.CORRECTED]
    assert fills[0].filled_qty == 1000
    assert [(one.execution_id, one.price_usd) for one in standing(fills)] == [("C1", Decimal("250.5"))]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("ord-1,E1,ten,250,2026-03-04,", "no plain number"),
        ("ord-1,E1,-10,250,2026-03-04,", "no plain number"),
        ('ord-1,E1,"1,0",250,2026-03-04,', "no plain number"),
        ("ord-1,E1,0,250,2026-03-04,", "above 0"),
        ("ord-1,E1,10,,2026-03-04,", "no plain number"),
        (",E1,10,250,2026-03-04,", "no order id"),
        ("ord-1,E1,10,250,,", "neither time nor date"),
        ("ord-1,E1,10,250,4.3.2026,", "its date is in no form"),
        ("ord-1,E1,10,250,2026-03-07,", "no exchange session"),
        ("ord-1,E1,10,250,2026-03-04,busted", "does not say which execution"),
        ("ord-1,E1,10,250,2026-03-04,odd", "none of a fill's"),
    ],
)
def test_a_row_that_cannot_be_read_is_told_with_its_line_and_the_rest_is_read(row: str, why: str) -> None:
    text = f"order id,exec id,qty,price,date,status\n{row}\nord-2,E9,5,10,2026-03-04,\n"
    answers = read_fills_csv(text.encode())
    assert [one.order_id for one in answers.news] == ["ord-2"]
    (problem,) = answers.problems
    assert problem.startswith("line 2: ")
    assert why in problem


def test_a_file_without_the_columns_is_refused() -> None:
    with pytest.raises(UsageError, match="no column for order_id, price, time or date"):
        read_fills_csv(b"qty\n5\n")
    with pytest.raises(UsageError, match="no UTF-8 text"):
        read_fills_csv(b"\xff\xfe")
    assert read_fills_csv(b"order id,qty,price,date\n").news == []


HEADER = "order id,qty,price,date,venue\n"


def test_rows_that_say_the_same_are_two_executions_whatever_their_other_columns_have() -> None:
    answers = read_fills_csv(f"{HEADER}ord-1,30,250,2026-03-04,NYSE\nord-1,30,250,2026-03-04,ARCA\n".encode())
    assert len({one.fill.execution_id for one in answers.news if one.fill}) == 2


def test_a_figure_with_a_comma_and_no_quotes_is_told_and_does_not_become_another() -> None:
    answers = read_fills_csv(b"date,order id,qty,price\n2026-03-04,ord-1,1,250,50.00\n2026-03-04,ord-2,1,50.00\n")
    assert [news.order_id for news in answers.news] == ["ord-2"]
    assert "more cells than the header" in answers.problems[0]


def test_a_quote_that_is_never_closed_takes_no_row_along_unseen() -> None:
    text = f'{HEADER}ord-1,30,250,2026-03-04,NYSE\nord-2,30,250,2026-03-04,"NY\nord-3,30,250,2026-03-04,NYSE\n'
    answers = read_fills_csv(text.encode())
    assert [news.order_id for news in answers.news] == ["ord-1"]
    assert answers.problems[0].startswith("lines 3 to 4: ")


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59", "1890-01-02"])
def test_a_time_outside_the_calendar_is_told(when: str) -> None:
    for name in ("time", "date"):
        answers = read_fills_csv(f"order id,qty,price,{name}\nord-1,30,250,{when}\n".encode())
        assert (len(answers.news), len(answers.problems)) == (0, 1)


def test_a_cell_beyond_all_bounds_is_told_and_the_rest_is_read() -> None:
    answers = read_fills_csv(f"{HEADER}ord-1,30,250,2026-03-04,{'x' * 200_000}\nord-2,30,250,2026-03-04,\n".encode())
    assert [news.order_id for news in answers.news] == ["ord-2"]
    assert len(answers.problems) == 1
