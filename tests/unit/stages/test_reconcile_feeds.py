"""Checks about feeds, shared account numbers, unreadable shares and empty portfolios."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest

from data_contracts.open_orders import OpenOrders
from evenkeel.ports import RejectedRow
from evenkeel.run.house import house_policy
from evenkeel.stages.ingest.door import mask_text
from evenkeel.stages.ingest.land import land
from evenkeel.stages.ingest.read_file import ReadFile
from evenkeel.stages.reconcile.files import EarlierFile
from evenkeel.stages.reconcile.stage import Reconciled, reconcile
from tests.support.parsed_files import cash, frame, parsed, position, read_file
from tests.support.small_book import KEYER, MONDAY, small_book, with_rows

A1, A2, A3, A4 = "1000-0001", "1000-0002", "2000-0003", "2000-0004"
ORDERS_FEED = "- {feed: desk, role: orders, layout: mapped, map: maps/o.yaml, location: inbox/o, is_required: false, expects: [orders]}"
ORDERS_MAP = "kind: orders\ncolumns: {order_id: id, source_account: account, symbol: symbol, side: side, order_qty: qty, state: state}\n"


def outcome(files: list[ReadFile], *, earlier: dict[str, EarlierFile] | None = None, **changes: Any) -> Reconciled:
    book = small_book(**changes)
    landed = land(MONDAY, files, book, KEYER)
    return reconcile(MONDAY, landed, book, house_policy(book), is_past_deadline=True, earlier_files=earlier)


def beta(*rows: dict[str, Any], **more: Any) -> ReadFile:
    return read_file("beta", parsed([*rows], [cash(20, A3, "90"), cash(30, A4, "50000")], **more))


def alpha() -> ReadFile:
    return read_file("alpha", parsed([], [cash(3, A1, "5000.00"), cash(4, A2, "10000.00")]))


def found(result: Reconciled, check: str) -> list[dict[str, Any]]:
    return result.exceptions.filter(pl.col("check") == check).sort("subject_id").to_dicts()


def test_a_missing_file_says_how_old_the_newest_one_is() -> None:
    friday = EarlierFile("positions-0002000199.csv", dt.date(2026, 2, 26))
    (row,) = found(outcome([beta()], earlier={"alpha": friday}), "feed_missing")
    assert row["message"] == (
        "feed alpha: no positions for 2026-03-02 by the deadline (the newest file, positions-…0199.csv, is of 2026-02-26, 2 sessions "
        "old); ask alpha for it, then run the date again"
    )
    (row,) = found(outcome([beta()]), "feed_missing")
    assert "newest" not in row["message"]


@pytest.mark.parametrize(("count", "check"), [(1, "row_unreadable"), (3, "file_reject_share")])
def test_many_unreadable_rows_stop_every_account_of_the_file(count: int, check: str) -> None:
    holdings = [position(row, A3, "STK", str(row), "100", f"{row}00") for row in range(1, 20)]
    rejects = [RejectedRow(40 + number, "no number", "x") for number in range(count)]
    result = outcome([alpha(), beta(*holdings, rejects=rejects)])
    stopped = sorted(row["account_id"] for row in found(result, check))
    assert stopped == (["A4"] if count == 1 else ["A3", "A4"])
    if count == 3:
        message = found(result, check)[0]["message"]
        assert "3 of its 24 rows cannot be read" in message
        assert "the first is row 40 (no number)" in message


def orders(account: str) -> ReadFile:
    row = {"row_no": 1, "order_id": "o1", "source_account": account, "symbol": "STK", "side": "buy", "order_qty": "1"}
    table = frame(
        OpenOrders, [row | {"state": "sent", "currency": "USD", "estimated_price_ccy": "100", "placed_date": MONDAY}]
    )
    return read_file("desk", parsed(tables={OpenOrders: table}))


def with_orders(files: list[ReadFile], **changes: Any) -> Reconciled:
    return outcome(files, feeds_yaml=with_rows("feeds.yaml", ORDERS_FEED), maps__o_yaml=ORDERS_MAP, **changes)


def test_an_order_of_a_number_that_two_accounts_share_stops_both() -> None:
    shared = with_rows("accounts.csv", "A5,1000-0001,beta,H3,,,roth_ira,mix,")
    files = [
        alpha(),
        read_file("beta", parsed([], [cash(1, A3, "90"), cash(2, A4, "5"), cash(3, A1, "7")])),
        orders(A1),
    ]
    rows = found(with_orders(files, accounts_csv=shared), "account_ambiguous")
    assert [(row["account_id"], row["effect"]) for row in rows] == [("A1", "stop"), ("A5", "stop")]
    assert "account_aliases.csv" in rows[0]["message"]
    assert found(with_orders([alpha(), beta(), orders(A1)]), "account_ambiguous") == []


def test_an_order_of_an_unknown_account_is_noted() -> None:
    (row,) = found(with_orders([alpha(), beta(), orders("7777-7777")]), "account_unknown")
    assert row["effect"] == "note"
    assert "7777-7777" not in row["message"]


def test_a_portfolio_that_is_worth_nothing_is_noted() -> None:
    nothing = read_file("alpha", parsed([], [cash(3, A1, "0.00"), cash(4, A2, "10000.00")]))
    (row,) = found(outcome([nothing, beta()]), "nothing_held")
    assert (row["effect"], row["scope"], row["subject_id"]) == ("note", "portfolio", "A1")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("All-Accounts-Positions-2026-03-02-163045.csv", "All-Accounts-Positions-2026-03-02-163045.csv"),
        ("Positions_20260302_235959.csv", "Positions_20260302_235959.csv"),
        ("Positions-2026-03-02-993045.csv", "Positions-2026-03-02-…045.csv"),
        ("Positions-163045.csv", "Positions-…045.csv"),
    ],
)
def test_the_time_in_a_files_name_is_no_account(name: str, shown: str) -> None:
    assert mask_text(name, ()) == shown
