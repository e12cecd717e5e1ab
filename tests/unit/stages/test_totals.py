"""A file whose rows are not what its trailer says: what is stopped, and what is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from data_contracts.contract import Contract
from data_contracts.control_totals import ControlTotals
from data_contracts.indicators import Indicators
from data_contracts.open_orders import OpenOrders
from data_contracts.tax_lots import TaxLots
from data_contracts.transactions import Transactions
from evenkeel.adapters.custodians.ibkr_csv import IbkrCsv
from evenkeel.book.model import Book
from evenkeel.ports import RejectedRow
from evenkeel.stages.ingest.land import land
from evenkeel.stages.ingest.read_file import ReadFile
from evenkeel.stages.reconcile.accounts import enabled_accounts
from evenkeel.stages.reconcile.file_totals import FileTotals, check_file_totals
from evenkeel.stages.reconcile.findings import Findings
from tests.adapters.csv_files import read
from tests.support.parsed_files import cash, frame, parsed, position, read_file
from tests.support.small_book import KEYER, MONDAY, small_book, with_rows

A1, A2, A3, A4 = "1000-0001", "1000-0002", "2000-0003", "2000-0004"
MAP = "kind: orders\ncolumns: {order_id: id, source_account: account, symbol: symbol, side: side, order_qty: qty, state: state}\n"
MORE_FEEDS = (
    "- {feed: desk, role: orders, layout: mapped, map: maps/o.yaml, location: inbox/o, is_required: false}",
    "- {feed: alphadesk, role: orders, custodian: alpha, layout: mapped, map: maps/o.yaml, location: inbox/p, is_required: false}",
    "- {feed: pms, role: portfolio_system, layout: schwab_csv, location: inbox/pms, is_required: false}",
    "- {feed: vix, role: market, layout: schwab_csv, location: inbox/vix, is_required: false, expects: [indicators]}",
)
Stated = dict[str, Any]


def book() -> Book:
    return small_book(feeds_yaml=with_rows("feeds.yaml", *MORE_FEEDS), maps__o_yaml=MAP)


def trailer(stated: Stated, first_row: int = 90) -> dict[type[Contract], pl.DataFrame]:
    rows = [
        {"row_no": first_row + i, "total_kind": kind, "stated": str(n)} for i, (kind, n) in enumerate(stated.items())
    ]
    return {ControlTotals: frame(ControlTotals, rows)}


def holdings(feed: str, stated: Stated, **more: Any) -> ReadFile:
    """Three rows of A1 and A2: 11.5 units, and 1,750.25 with the cash."""
    rows = [position(1, A1, "STK", "10", "100", "1000.00"), position(2, A2, "BND", "1.5", "100", "150.25")]
    return read_file(feed, parsed(rows, [cash(3, A1, "600.00")], tables=trailer(stated), **more))


def filled(feed: str, contract: type[Contract], rows: list[dict[str, Any]], stated: Stated, **more: Any) -> ReadFile:
    return read_file(feed, parsed(tables={contract: frame(contract, rows), **trailer(stated)}, **more))


def lots(stated: Stated) -> ReadFile:
    row = {"symbol": "STK", "currency": "USD", "as_of_date": MONDAY, "source_account": A1}
    rows = [row | {"row_no": 1, "held_qty": "4", "cost_ccy": "300"}, row | {"row_no": 2, "held_qty": "6"}]
    return filled("alpha", TaxLots, rows, stated)


def transactions(stated: Stated) -> ReadFile:
    row = {"symbol": "STK", "currency": "USD", "as_of_date": MONDAY, "trade_date": MONDAY, "raw_action": "Buy"}
    rows = [
        row | {"row_no": 1, "source_account": A2, "transaction_type": "buy", "traded_qty": "2", "net_cash_ccy": "-200"}
    ]
    return filled("alpha", Transactions, rows, stated)


def orders(feed: str, stated: Stated, **more: Any) -> ReadFile:
    row = {"row_no": 1, "order_id": "o1", "source_account": A1, "symbol": "STK", "side": "buy", "state": "sent"}
    row |= {"currency": "USD", "placed_date": MONDAY, "order_qty": "7", "estimated_price_ccy": "100.5"}
    return filled(feed, OpenOrders, [row], stated, **more)


def indicators(stated: Stated, **more: Any) -> ReadFile:
    return filled(
        "vix",
        Indicators,
        [{"row_no": 1, "indicator": "VIX", "indicator_date": MONDAY, "reading": "21.5"}],
        stated,
        **more,
    )


def outcome(*files: ReadFile) -> tuple[FileTotals, pl.DataFrame]:
    findings, judged = Findings(), book()
    landed = land(MONDAY, files, judged, KEYER)
    totals = check_file_totals(landed, judged, enabled_accounts(judged, MONDAY), findings)
    return totals, findings.frame


def stopped(found: pl.DataFrame) -> list[str]:
    return sorted(found.filter(pl.col("scope") == "account", pl.col("effect") == "stop")["account_id"].to_list())


def of_files(found: pl.DataFrame, effect: str = "stop") -> list[str]:
    return found.filter(pl.col("scope") == "file", pl.col("effect") == effect)["message"].to_list()


MET = [
    holdings("alpha", {"row_count": 3, "qty_sum": "11.5", "amount_sum": "1750.25"}),
    lots({"row_count": 2, "qty_sum": "10", "amount_sum": "300.0"}),
    transactions({"row_count": 1, "qty_sum": "2", "amount_sum": "-200"}),
    orders("desk", {"row_count": 1, "qty_sum": "7", "amount_sum": "100.5"}),
    indicators({"row_count": 1, "amount_sum": "21.5", "qty_sum": "99"}),
    holdings("pms", {"row_count": 3}),
    read_file(
        "beta", parsed([], [cash(1, A3, "90")], tables=trailer({"row_count": 1, "amount_sum": "90", "qty_sum": "5"}))
    ),
    holdings("beta", {}),
]


@pytest.mark.parametrize("file", MET, ids=lambda file: file.feed)
def test_a_trailer_that_is_met_says_nothing(file: ReadFile) -> None:
    totals, found = outcome(file)
    assert found.height == 0
    assert totals.not_believed == frozenset()
    assert totals.mismatches.height == 0


@pytest.mark.parametrize(
    ("stated", "says"),
    [
        ({"row_count": 4}, "states 4 as its count of rows, its rows make 3"),
        ({"qty_sum": "11.500002"}, "states 11.500002 as its sum of quantities, its rows make 11.5"),
        ({"amount_sum": "1750.24"}, "states 1750.24 as its sum of amounts, its rows make 1750.25"),
    ],
)
def test_holdings_stop_the_accounts_of_their_file(stated: Stated, says: str) -> None:
    totals, found = outcome(holdings("alpha", stated))
    (message,) = of_files(found)
    assert says in message
    assert stopped(found) == ["A1", "A2"]
    assert set(found["check"]) == {"total_mismatch"}
    assert totals.mismatches.select("custodian", "is_of_one_account").rows() == [("alpha", False)]
    assert totals.not_believed == frozenset()


def test_a_millionth_is_the_same() -> None:
    assert outcome(holdings("alpha", {"qty_sum": "11.500001"}))[1].height == 0


def test_one_account_is_stopped_once_a_file_however_many_figures_differ() -> None:
    _, found = outcome(holdings("alpha", {"row_count": 2, "qty_sum": "1", "amount_sum": "1"}))
    assert len(of_files(found)) == 3
    assert stopped(found) == ["A1", "A2"]


def test_a_file_about_one_account_does_not_count_for_the_gate() -> None:
    totals, found = outcome(holdings("alpha", {"row_count": 2}, subject=A1))
    assert stopped(found) == ["A1", "A2"]
    assert totals.mismatches["is_of_one_account"].to_list() == [True]


def test_figures_of_sections_add_up() -> None:
    sections = pl.concat([trailer({"row_count": 1})[ControlTotals], trailer({"row_count": 2}, 95)[ControlTotals]])
    rows = [position(row, A1, "STK", row, "100", "100") for row in (1, 2, 3)]
    assert outcome(read_file("alpha", parsed(rows, tables={ControlTotals: sections})))[1].height == 0


@pytest.mark.parametrize(
    ("file", "accounts"), [(lots({"qty_sum": "9"}), ["A1"]), (transactions({"row_count": 2}), ["A2"])]
)
def test_lots_and_transactions_stop_the_accounts_in_them(file: ReadFile, accounts: list[str]) -> None:
    totals, found = outcome(file, holdings("beta", {}))
    assert stopped(found) == accounts
    assert totals.mismatches.height == (1 if accounts == ["A1"] else 0)


@pytest.mark.parametrize(("feed", "accounts"), [("desk", ["A1", "A2", "A3", "A4"]), ("alphadesk", ["A1", "A2"])])
@pytest.mark.parametrize("stated", [{"row_count": 2}, {"qty_sum": 8}, {"amount_sum": "100"}])
def test_orders_stop_every_account_they_may_be_of(feed: str, accounts: list[str], stated: Stated) -> None:
    _, found = outcome(orders(feed, stated))
    assert stopped(found) == accounts


@pytest.mark.parametrize(
    "file", [holdings("pms", {"qty_sum": "1"}), indicators({"amount_sum": "12.5"})], ids=lambda f: f.feed
)
def test_a_file_that_is_compared_with_is_left_out(file: ReadFile) -> None:
    totals, found = outcome(file)
    assert totals.not_believed == frozenset([(file.feed, file.file_id)])
    assert stopped(found) == []
    assert len(of_files(found)) == 1
    assert totals.mismatches.height == 0


BAD_ROW = [RejectedRow(4, "held_qty: no number", "x")]


def test_an_unreadable_row_counts_as_a_row_and_leaves_the_sums_uncompared() -> None:
    _, found = outcome(holdings("alpha", {"row_count": 4, "qty_sum": "20", "amount_sum": "2000"}, rejects=BAD_ROW))
    assert stopped(found) == []
    assert len(of_files(found, "note")) == 2
    assert "figures of 1 rows" in of_files(found, "note")[0]
    _, found = outcome(holdings("alpha", {"row_count": 3, "qty_sum": "20"}, rejects=BAD_ROW))
    assert stopped(found) == ["A1", "A2"]


def test_an_unreadable_order_or_reading_may_be_anyones() -> None:
    assert stopped(outcome(orders("alphadesk", {"qty_sum": "9"}, rejects=BAD_ROW))[1]) == ["A1", "A2"]
    assert outcome(indicators({"amount_sum": "9"}, rejects=BAD_ROW))[0].not_believed


def test_a_closed_account_is_not_stopped_for_orders() -> None:
    header, *rows = with_rows("accounts.csv").splitlines()
    ended = [row + (",closed,2026-01-02" if row.startswith("A2") else ",,") for row in rows]
    closed = "\n".join([header + ",state,closed_date", *ended]) + "\n"
    judged = small_book(feeds_yaml=with_rows("feeds.yaml", *MORE_FEEDS), maps__o_yaml=MAP, accounts_csv=closed)
    findings = Findings()
    landed = land(MONDAY, [orders("alphadesk", {"row_count": 5})], judged, KEYER)
    check_file_totals(landed, judged, enabled_accounts(judged, MONDAY), findings)
    assert stopped(findings.frame) == ["A1"]


@pytest.mark.parametrize(("last", "accounts"), [("1", []), ("2", ["A1", "A2"])])
def test_the_sections_of_a_framed_ibkr_file_are_counted(tmp_path: Path, last: str, accounts: list[str]) -> None:
    """`EOS` counts the data lines of its own section, header and frame left out."""
    line = '"{}","Dividends","20260302","US9220427424","VT(US9220427424) CASH DIVIDEND","137.23","USD"\n'
    section = '"BOS","CTRN","Cash Transactions"\n"ClientAccountID","Type","SettleDate","ISIN","Description","Amount","CurrencyPrimary"\n'
    text = (
        f'"BOF","{A1}","Q","1"\n{section}{line.format(A1) * 2}"EOS","CTRN","2","274.46"\n'
        f'{section}{line.format(A2)}"EOS","CTRN","{last}","137.23"\n"EOF","{A1}"\n'
    )
    ibkr = read(IbkrCsv(), tmp_path, "flex.csv", text)
    assert ibkr.tables[ControlTotals].height == 2
    assert stopped(outcome(read_file("alpha", ibkr))[1]) == accounts
