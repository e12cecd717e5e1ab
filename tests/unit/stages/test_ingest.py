"""Which session a file belongs to, whose its rows are, and what the door lets through."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.positions import Positions
from data_contracts.transactions import Transactions
from data_contracts.vocab import Check
from evenkeel.identity import AccountKeyer, mask_account
from evenkeel.ports import ParsedFile, RejectedRow
from evenkeel.stages.ingest.dating import FileDate, date_file
from evenkeel.stages.ingest.door import account_keys, identifier_map, identify, mask_text
from evenkeel.stages.ingest.land import land
from tests.support.parsed_files import cash, frame, parsed, position, read_file
from tests.support.small_book import KEYER, MONDAY, small_book

TODAY = dt.date(2026, 3, 3)


def dated(
    date: dt.date | None, time: dt.time | None = None, weekend: Any = "stop"
) -> tuple[dt.date | None, str | None]:
    row = {**position(1, "X", "STK", "1", "1", "1"), "as_of_date": date, "as_of_time": time}
    result = date_file(parsed([row]), TODAY, weekend)
    return result.business_date, result.check


@pytest.mark.parametrize(
    ("date", "time", "session"),
    [
        (dt.date(2026, 3, 2), None, dt.date(2026, 3, 2)),
        (dt.date(2026, 3, 2), dt.time(16, 30), dt.date(2026, 3, 2)),
        (dt.date(2026, 3, 2), dt.time(2, 45), dt.date(2026, 2, 27)),
        (dt.date(2026, 2, 28), dt.time(2, 0), dt.date(2026, 2, 27)),
    ],
)
def test_a_moment_belongs_to_a_session(date: dt.date, time: dt.time | None, session: dt.date) -> None:
    assert dated(date, time) == (session, None)


@pytest.mark.parametrize(
    ("date", "time", "check"),
    [
        (None, None, "no_as_of_date"),
        (dt.date(2026, 3, 1), dt.time(12, 52), "not_a_session"),
        (dt.date(2026, 3, 1), None, "not_a_session"),
        (dt.date(2026, 3, 4), None, "future_file"),
    ],
)
def test_what_belongs_to_no_session_is_stopped(date: dt.date | None, time: dt.time | None, check: str) -> None:
    assert dated(date, time) == (None, check)


def test_a_feed_may_take_a_weekend_for_the_session_before() -> None:
    assert dated(dt.date(2026, 3, 1), None, "previous_session") == (dt.date(2026, 2, 27), None)


def test_mixed_dates_are_stopped() -> None:
    rows = [
        position(1, "X", "STK", "1", "1", "1"),
        position(2, "Y", "STK", "1", "1", "1", as_of_date=dt.date(2026, 2, 27)),
    ]
    assert date_file(parsed(rows), TODAY, "stop").check == "mixed_dates"


def test_a_history_needs_no_date_and_rolls_back_from_a_weekend() -> None:
    history = parsed(tables={Transactions: frame(Transactions, [])})
    assert date_file(history, TODAY, "stop").business_date is None


def test_numbers_are_found_with_other_spacing_and_aliases_come_first() -> None:
    aliases = "feed,source_account,account_id,from_date,until_date\nalpha,...234,A2,,\nalpha,...999,A1,2027-01-01,\n"
    book = small_book(account_aliases_csv=aliases)
    keys = account_keys(["1000 0001", "...234", "...999", "2000-0003"], book.feeds[0], book, MONDAY, KEYER)
    found = dict(keys.select("source_account", "account_id").iter_rows())
    # 2000-0003 is at custodian beta: a file of alpha cannot speak for it.
    assert found == {"1000 0001": "A1", "...234": "A2", "...999": None, "2000-0003": None}


def test_two_identifiers_of_two_securities_are_a_conflict() -> None:
    rows = pl.DataFrame(
        {
            "symbol": ["STK", " stk ", "STK", None],
            "cusip": [None, "", "222222222", "999999999"],
            "isin": [None] * 4,
            "native_id": [None] * 4,
        },
        schema={name: pl.String for name in ("symbol", "cusip", "isin", "native_id")},
    )
    found = identify(rows, identifier_map(small_book()))
    assert found.select("security_id", "is_conflict").rows() == [
        ("STK", False),
        ("STK", False),
        (None, True),
        (None, False),
    ]


def test_no_account_number_passes_the_door() -> None:
    rejects = [RejectedRow(5, "no number", "1000-0001,STK,abc"), RejectedRow(6, "no number", "Z55512345,STK,12345.67")]
    file = read_file(
        "alpha", parsed([position(1, "1000-0001", "STK", "1", "1", "1")], [cash(2, "1000-0001", "1")], rejects=rejects)
    )
    landed = land(MONDAY, [file], small_book(), KEYER)
    text = "".join(str(table.rows()) for table in (*landed.facts.values(), landed.rejects, landed.source_files))
    assert "1000-0001" not in text
    assert "Z55512345" not in text
    assert "12345.67" in text
    assert landed.fact(Positions)["account_mask"].to_list() == ["…0001"]


def test_identical_transactions_are_two_and_keep_their_ids_in_another_file() -> None:
    row = {
        "source_account": "1000-0001", "as_of_date": MONDAY, "trade_date": MONDAY, "transaction_type": "buy",
        "raw_action": "Buy", "currency": "USD", "traded_qty": "1", "net_cash_ccy": "-10", "symbol": "STK",
    }  # fmt: skip

    def ids(rows: list[dict[str, Any]], name: str) -> list[str]:
        file = read_file("alpha", parsed(tables={Transactions: frame(Transactions, rows)}), name=name)
        return land(MONDAY, [file], small_book(), KEYER).fact(Transactions)["transaction_id"].to_list()

    first = ids([{**row, "row_no": 1}, {**row, "row_no": 2}], "a.csv")
    later = ids([{**row, "row_no": 7, "as_of_date": dt.date(2026, 3, 3)}, {**row, "row_no": 9}], "b.csv")
    assert len(set(first)) == 2
    assert first == later


@given(st.text(alphabet="0123456789ABCXZ -", min_size=1, max_size=20))
def test_a_digest_ignores_spacing_and_case_and_a_mask_shows_at_most_four(number: str) -> None:
    keyer = AccountKeyer(b"fedcba9876543210")
    assert keyer.digest(number) == keyer.digest(f" {number.lower()} ")
    assert len(mask_account(number)) <= 5
    assert keyer.digest(number) != KEYER.digest(number)


@given(st.integers(100_000_000, 999_999_999))
def test_long_numbers_in_rejected_rows_are_masked(number: int) -> None:
    assert str(number) not in mask_text(f"row {number} of {number}", [])


def test_the_rows_of_a_file_stopped_for_its_date_are_rejects() -> None:
    sent = parsed(
        [position(1, "1000-0001", "STK", "1.50", "2", "3"), position(2, "7777-1234", "STK", "1", "1", "1")],
        [cash(2, "7777-1234", "12")],
        rejects=[RejectedRow(3, "no number", "1000-0001,STK,abc")],
    )
    stop = FileDate(None, dt.date(2026, 3, 1), Check.NOT_A_SESSION, "as of Sunday; ask for Friday's")
    landed = land(MONDAY, [read_file("alpha", sent, stop)], small_book(), KEYER)
    file = landed.source_files.row(0, named=True)
    assert (file["row_count"], file["kept_count"], file["rejected_count"], file["structural_count"]) == (3, 0, 3, 0)
    assert landed.fact(Positions).height == 0
    rejects = {row["row_no"]: row for row in landed.rejects.iter_rows(named=True)}
    assert list(rejects) == [1, 2, 3]
    assert rejects[1]["reason"] == "the whole file was stopped: as of Sunday; ask for Friday's"
    assert "source_account=…0001" in rejects[1]["raw_text"]
    assert "held_qty=1.5," in rejects[1]["raw_text"]
    assert "amount_ccy=12" in rejects[2]["raw_text"]
    assert rejects[3]["reason"] == "no number"
    assert not [number for number in ("1000-0001", "7777") if number in str(landed.rejects.rows())]


@pytest.mark.parametrize("date", [dt.date(1, 1, 1), dt.date(1900, 1, 1), dt.date(1970, 1, 1), dt.date(1990, 1, 1)])
def test_a_date_before_every_session_is_stopped_and_breaks_nothing(date: dt.date) -> None:
    assert dated(date) == (None, "not_a_session")
    assert dated(date, dt.time(2, 0), "previous_session") == (None, "not_a_session")
    assert date_file(replace(parsed(), as_of_date=date), TODAY, "stop").check == "not_a_session"
    rows = [position(1, "X", "STK", "1", "1", "1"), position(2, "Y", "STK", "1", "1", "1", as_of_date=date)]
    assert date_file(parsed(rows), TODAY, "stop").check == "not_a_session"


def files_read(*files: ParsedFile) -> list[str]:
    landed = land(
        MONDAY, [read_file("alpha", file, name=f"{i}.csv") for i, file in enumerate(files)], small_book(), KEYER
    )
    return landed.source_files.filter(pl.col("status") == "read")["file_name"].sort().to_list()


def test_a_list_of_cash_and_a_list_of_positions_do_not_replace_each_other() -> None:
    securities = parsed([position(1, "1000-0001", "STK", "1", "1", "1")])
    money = parsed([], [cash(1, "1000-0001", "5")])
    assert files_read(securities, money) == ["0.csv", "1.csv"]
    assert files_read(money, securities) == ["0.csv", "1.csv"]
    assert files_read(securities, money, securities) == ["1.csv", "2.csv"]


def test_everything_sold_is_a_correction_when_the_same_report_says_so() -> None:
    first = parsed([position(1, "1000-0001", "STK", "1", "1", "1")], [cash(2, "1000-0001", "5")])
    sold = parsed([], [cash(2, "1000-0001", "6")])
    assert files_read(first, sold) == ["1.csv"]
    assert files_read(first, replace(sold, generation="balances")) == ["0.csv", "1.csv"]


def test_a_file_about_more_accounts_replaces_one_about_a_single_account() -> None:
    single = parsed([position(1, "1000-0001", "STK", "1", "1", "1")], subject="1000-0001")
    whole = parsed([position(1, "1000-0001", "STK", "2", "1", "2"), position(2, "1000-0002", "STK", "1", "1", "1")])
    assert files_read(single, whole) == ["1.csv"]


def test_the_slot_tells_no_account_number() -> None:
    landed = land(MONDAY, [read_file("alpha", parsed(subject="1000-0001"))], small_book(), KEYER)
    assert landed.source_files["slot"].item() == f"positions|{KEYER.digest('1000-0001')[:12]}"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("positions_1000-0001.csv", "positions_…0001.csv"),
        ("Z12-345678 2026-03-02.csv", "…5678 2026-03-02.csv"),
        ("Positions-2026-03-02.csv", "Positions-2026-03-02.csv"),
        ("drop_20260302-1630.csv", "drop_20260302-1630.csv"),
    ],
)
def test_a_number_in_groups_is_masked_and_a_date_is_not(name: str, shown: str) -> None:
    assert mask_text(name, []) == shown
