"""IBKR's CSV files: both samples to the last value, Flex generations from their description, damaged files, and cells as values."""

import datetime as dt
import json
import random
from decimal import Decimal as D
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.control_totals import ControlTotals
from data_contracts.other_rows import OtherRows
from data_contracts.transactions import Transactions
from data_contracts.vocab import Check
from evenkeel.adapters.custodians import cell_values, text_file
from evenkeel.adapters.custodians.fidelity_csv import FidelityCsv
from evenkeel.adapters.custodians.ibkr_csv import IbkrCsv
from evenkeel.adapters.custodians.schwab_csv import SchwabCsv
from evenkeel.adapters.custodians.vanguard_csv import VanguardCsv
from evenkeel.errors import FileStopped
from evenkeel.ports import CustodianFeed
from tests.adapters.csv_files import read, read_path, rows

FEED = IbkrCsv()
FLEX = '"Type","SettleDate","ISIN","Description","Amount","CurrencyPrimary"\n'
FLEX_ROW = '"Dividends","20230623","US9220427424","VT(US9220427424) CASH DIVIDEND","137.23","USD"\n'


def test_sample_transaction_history(shared: Path) -> None:
    parsed = read_path(FEED, shared / "samples/ibkr/transaction_history.csv")
    assert (parsed.generation, parsed.row_count, parsed.structural_count) == ("transaction_history-2025", 22, 7)
    assert (parsed.as_of_date, parsed.as_of_time, parsed.subject) == (
        dt.date(2025, 12, 31),
        dt.time(23, 59, 59),
        "U***00000",
    )
    assert parsed.rejects == ()
    columns = (
        "row_no",
        "trade_date",
        "transaction_type",
        "symbol",
        "isin",
        "traded_qty",
        "price_ccy",
        "fees_ccy",
        "net_cash_ccy",
    )
    assert rows(parsed, Transactions, *columns) == [
        (11, dt.date(2025, 11, 3), "dividend", "VT", "US9220427424", None, None, None, D(20)),
        (12, dt.date(2025, 11, 3), "tax", "VT", "US9220427424", None, None, None, D(-3)),
        (13, dt.date(2025, 11, 30), "other", None, None, None, None, None, D("0.55")),
        (14, dt.date(2025, 10, 1), "dividend", "IBKR", "US45841N1072", None, None, None, D(1)),
        (15, dt.date(2025, 10, 1), "tax", "IBKR", "US45841N1072", None, None, None, D("-0.15")),
        (16, dt.date(2025, 10, 1), "fx", "GBP.USD", None, D("0.8"), D("1.32"), None, D("-0.0002637591265")),
        (17, dt.date(2025, 8, 15), "sell", "CNX1", None, D(-2), D(1001), D(3), D(1999)),
        (18, dt.date(2025, 3, 15), "buy", "CNX1", None, D(4), D(1000), D(3), D(-4003)),
        (19, dt.date(2025, 2, 8), "tax", None, None, None, None, None, D("3.9")),
        (20, dt.date(2025, 2, 1), "tax", None, None, None, None, None, D("-3.9")),
        (21, dt.date(2025, 2, 1), "interest", None, None, None, None, None, D(13)),
        (22, dt.date(2025, 1, 1), "deposit", None, None, None, None, None, D(5000)),
    ]
    assert set(rows(parsed, Transactions, "source_account", "currency")) == {("U***00000", "GBP")}
    assert rows(parsed, ControlTotals, "row_no", "total_kind", "currency", "stated") == [
        (8, "net_amount", "GBP", D(200)),
        (9, "cash_value", "GBP", D(200)),
    ]
    assert rows(parsed, OtherRows, "row_no", "section", "payload_json") == [
        (7, "Summary", json.dumps({"Starting Cash": "0.0"}))
    ]


def test_sample_flex_cash(shared: Path) -> None:
    parsed = read_path(FEED, shared / "samples/ibkr/ibkr-dividends-export.csv")
    assert (parsed.generation, parsed.row_count, parsed.structural_count) == ("flex_cash-2023", 12, 1)
    assert (parsed.as_of_date, parsed.subject) == (None, "ibkr-dividends-export")
    assert rows(
        parsed, Transactions, "row_no", "settle_date", "transaction_type", "symbol", "isin", "currency", "net_cash_ccy"
    ) == [
        (2, dt.date(2023, 6, 23), "dividend", "VT", "US9220427424", "USD", D("137.23")),
        (3, dt.date(2023, 9, 13), "tax", "SMMCHA", "CH0111762537", "CHF", D("-14.68")),
        (4, dt.date(2023, 6, 23), "tax", "VT", "US9220427424", "USD", D("-20.58")),
        (5, dt.date(2023, 9, 21), "tax", "VT", "US9220427424", "USD", D("-12.9")),
        (6, dt.date(2023, 12, 21), "tax", "VT", "US9220427424", "USD", D("-25.47")),
        (7, dt.date(2023, 9, 13), "dividend", "SMMCHA", "CH0111762537", "CHF", D("4.83")),
        (8, dt.date(2023, 9, 13), "dividend", "SMMCHA", "CH0111762537", "CHF", D("41.93")),
        (9, dt.date(2023, 9, 21), "dividend", "VT", "US9220427424", "USD", D("85.97")),
        (10, dt.date(2023, 12, 21), "dividend", "VT", "US9220427424", "USD", D("169.77")),
        (11, dt.date(2025, 6, 25), "dividend", "4543.T", "JP3546800008", "JPY", D(455)),
        (12, dt.date(2025, 6, 30), "dividend", "AVGO", "US11135F1012", "USD", D("0.59")),
    ]


def test_framed_flex_written_from_its_description(tmp_path: Path) -> None:
    frame = (
        f'"BOF","U1","Q","1"\n"BOS","CTRN","Cash Transactions"\n{FLEX}{FLEX_ROW}"EOS","CTRN","1","137.23"\n"EOF","U1"\n'
    )
    parsed = read(FEED, tmp_path, "flex.csv", frame)
    assert rows(parsed, Transactions, "row_no", "net_cash_ccy") == [(4, D("137.23"))]
    assert rows(parsed, ControlTotals, "row_no", "total_kind", "stated") == [(5, "row_count", D(1))]


def test_flex_trades_written_from_their_description(tmp_path: Path) -> None:
    header = '"Buy/Sell","TradeDate","ISIN","Quantity","TradePrice","TradeMoney","CurrencyPrimary","IBCommission","IBCommissionCurrency"\n'
    lines = (
        '"BUY","20230522","CH0111762537","7","282.7","1978.9","CHF","-5","CHF"\n'
        '"SELL","20230522","","-8000","1.1173","-8938.4","USD","-1.79924","CHF"\n'
    )
    parsed = read(FEED, tmp_path, "trades.csv", header + lines)
    assert rows(
        parsed, Transactions, "transaction_type", "traded_qty", "price_ccy", "fees_ccy", "currency", "net_cash_ccy"
    ) == [
        ("buy", D(7), D("282.7"), D(5), "CHF", None),
        ("sell", D(-8000), D("1.1173"), None, "USD", None),
    ]
    assert any("1 commissions" in note for note in parsed.notes)


def test_damaged_histories(tmp_path: Path, shared: Path) -> None:
    text = (shared / "samples/ibkr/transaction_history.csv").read_text()
    with pytest.raises(FileStopped, match="'Net Amount'") as stopped:
        read(FEED, tmp_path, "h.csv", text.replace("Net Amount\n", "Netto\n"))
    assert stopped.value.check == Check.FILE_COLUMNS
    cut = read(FEED, tmp_path, "h.csv", text[:-30])
    assert [reject.row_no for reject in cut.rejects] == [22]
    wrong = read(FEED, tmp_path, "h.csv", text.replace("-4003.0", "-4OO3.0"))
    assert [(reject.row_no, reject.column_name) for reject in wrong.rejects] == [(18, "Net Amount")]
    other = read(FEED, tmp_path, "h.csv", text + "Notes,Header,Account,Text\nNotes,Data,U1234567,hello\n")
    assert rows(other, OtherRows, "row_no", "payload_json")[-1] == (24, json.dumps({"Text": "hello"}))


def test_damaged_flex(tmp_path: Path) -> None:
    with pytest.raises(FileStopped) as stopped:
        read(FEED, tmp_path, "f.csv", "a,b\nc,d\n")
    assert stopped.value.check == Check.FILE_OTHER_LAYOUT
    parsed = read(
        FEED,
        tmp_path,
        "f.csv",
        FLEX + FLEX_ROW.replace("20230623", "2023") + FLEX_ROW.replace('"USD"', '""') + FLEX_ROW[:40],
    )
    assert [(reject.row_no, reject.column_name) for reject in parsed.rejects] == [
        (2, "SettleDate"),
        (3, "CurrencyPrimary"),
        (4, None),
    ]


def test_files_of_other_brokers_are_not_recognised(shared: Path) -> None:
    own = {"transaction_history.csv", "ibkr-dividends-export.csv"}
    for path in (shared / "samples").rglob("*"):
        if path.is_file():
            assert FEED.recognises(path.name, path.read_bytes()[:65536]) == (path.name in own), path.name


# Damage and cells as values: shared by the four brokers' adapters.


FEEDS: dict[str, CustodianFeed] = {
    "schwab": SchwabCsv(),
    "fidelity": FidelityCsv(),
    "vanguard": VanguardCsv(),
    "ibkr": FEED,
}


@pytest.mark.parametrize("broker", sorted(FEEDS))
def test_damage_anywhere_stops_the_file_or_loses_no_row(tmp_path: Path, shared: Path, broker: str) -> None:
    chance = random.Random(7)
    read_through = 0
    for path in sorted((shared / "samples" / broker).glob("*.csv")):
        data = path.read_bytes()
        for _ in range(25):
            place = chance.randrange(len(data))
            for damaged in (data[:place], data[:place] + bytes([chance.choice(b'",\n0a')]) + data[place + 1 :]):
                try:
                    read(FEEDS[broker], tmp_path, path.name, damaged)
                except FileStopped:
                    continue
                read_through += 1
    assert read_through > 10


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$1,234.50", "1234.50"), ("(12.00)", "-12"), ("$(12.00)", "-12"), ("($1,200.00)", "-1200"), ("-$100975.73", "-100975.73"),
        ("$-50.00", "-50"), ("+$0.160", "0.16"), ("$12.00 ", "12"), ("12.00-", "-12"), (".5", "0.5"), ("5.", "5"), ("-.5", "-0.5"),
        ("-2.637591265E-4", "-0.0002637591265"), ("1E3", "1000"), ("−7", "-7"), ("0", "0"), ("  42 ", "42"),
        ("12345678901234567890123.123456789012345", "12345678901234567890123.123456789012345"),
    ],
)  # fmt: skip
def test_numbers_as_seen(text: str, value: str) -> None:
    values, wrong, long_count = cell_values.numbers(pl.Series([text]))
    assert (values.to_list(), wrong.to_list(), long_count) == ([D(value)], [False], 0)


@pytest.mark.parametrize("text", ["", " ", "--", "-", "n/a", "N/A", "not applicable", "Incomplete", None])
def test_silent_cells_are_null_and_not_wrong(text: str | None) -> None:
    values, wrong, _ = cell_values.numbers(pl.Series([text], dtype=pl.String))
    assert (values.to_list(), [bool(flag) for flag in wrong]) == ([None], [False])


@pytest.mark.parametrize(
    "text",
    ["12,34", "1,23,456", "1.2.3", "+-5", "-$-5", "5%", "€5", "12a", "$", ".", "1e400", "((5))", "9" * 24, "1 234"],
)
def test_wrong_numbers_are_told_from_silence(text: str) -> None:
    values, wrong, _ = cell_values.numbers(pl.Series([text]))
    assert (values.to_list(), wrong.to_list()) == ([None], [True])


@given(st.decimals(min_value=-(10**18), max_value=10**18, places=15), st.sampled_from(["{}", "${}", " {} ", "+{}"]))
def test_numbers_lose_nothing(value: D, form: str) -> None:
    text = form.format(f"{value.copy_abs():,f}")
    signed = f"({text.strip().lstrip('+')})" if value < 0 else text
    values, wrong, long_count = cell_values.numbers(pl.Series([signed]))
    assert (values.to_list(), wrong.to_list(), long_count) == ([value], [False], 0)


@pytest.mark.parametrize(
    ("text", "date", "time"),
    [
        ("12:52 PM ET, 2023/04/23", dt.date(2023, 4, 23), dt.time(12, 52)),
        ("02:45 AM ET, 10/25/2020", dt.date(2020, 10, 25), dt.time(2, 45)),
        ("09/27/2021 22:00:26 AM ET", dt.date(2021, 9, 27), dt.time(22, 0, 26)),
        ("11/15/2020 18:01:20 ET", dt.date(2020, 11, 15), dt.time(18, 1, 20)),
        ("Tue Sep 28  23:17:11 EDT 2021", dt.date(2021, 9, 28), dt.time(23, 17, 11)),
        ("12:00 AM ET, 2023/04/23", dt.date(2023, 4, 23), None),
        ("00:00:00 ET, 2023/04/23", dt.date(2023, 4, 23), None),
        ("12:00 PM ET, 2023/04/23", dt.date(2023, 4, 23), dt.time(12)),
    ],
)
def test_dates_and_times_of_titles(text: str, date: dt.date, time: dt.time | None) -> None:
    found = cell_values.find_date(text)
    assert found is not None
    assert (found[0], cell_values.find_time(text)) == (date, time)


@pytest.mark.parametrize("text", ["13/45/2020", "2020-02-30", "hello", "2020", "12/31", "2020-01-01 plus"])
def test_what_is_no_date(text: str) -> None:
    assert cell_values.date_of_cell(text) is None


@given(st.text(alphabet='ab,"\n\r ', max_size=60))
def test_rows_cover_every_line_once(text: str) -> None:
    found = text_file.read_rows(text)
    raw = "\n".join(found.raw_text(i) for i in range(len(found)))
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    assert raw == (plain[:-1] if plain.endswith("\n") else plain)
    assert found.row_nos == sorted(set(found.row_nos))
