"""Vanguard's CSV files: the sample to the last value, OfxDownload written from its description, and damaged files."""

import datetime as dt
from decimal import Decimal as D
from pathlib import Path

import pytest

from data_contracts.cash_balances import CashBalances
from data_contracts.control_totals import ControlTotals
from data_contracts.positions import Positions
from data_contracts.transactions import Transactions
from data_contracts.vocab import Check
from evenkeel.adapters.custodians.layouts_others import VANGUARD_HOLDINGS, VANGUARD_TRANSACTIONS
from evenkeel.adapters.custodians.vanguard_csv import VanguardCsv
from evenkeel.errors import FileStopped
from tests.adapters.csv_files import read, read_path, rows

FEED = VanguardCsv()
HOLDINGS = ",".join(VANGUARD_HOLDINGS.generations["brokerage"])
TRANSACTIONS = ",".join(VANGUARD_TRANSACTIONS.generations["ofxdownload"])
OFX_DOWNLOAD = (
    f"{HOLDINGS}\n39321600,VANGUARD S&P 500 INDEX ETF,VOO,18.1817,629.3,11441.74,\n"
    "39321600,VANGUARD FEDERAL MONEY MARKET INVESTOR CL,VMFXX,515000,1,515000,\n"
    "39321600,U S TREASURY NOTE 1.875 01/15/36,null,5000,100.00,500000.00,\n\n\n"
    f"{TRANSACTIONS}\n"
    "39321600,2026-04-30,2026-05-01,Buy,Buy,VANGUARD ETF,VOO,2.00000,600.0,-1200.0,0.5,-1200.5,0.0,CASH,\n"
    "39321600,2026-04-30,2026-04-30,Sweep out,Sweep Out Of Settlement Fund,VANGUARD FED,VMFXX,0.00000,1.0,1200.5,0.0,1200.5,0.0,CASH,\n"
)


def test_sample_of_the_older_file(shared: Path) -> None:
    parsed = read_path(FEED, shared / "samples/vanguard/vanguard.csv")
    assert (parsed.generation, parsed.row_count, parsed.structural_count, parsed.subject) == (
        "transactions-2011",
        5,
        1,
        "vanguard",
    )
    assert (parsed.as_of_date, parsed.rejects) == (None, ())
    columns = (
        "row_no",
        "source_account",
        "trade_date",
        "transaction_type",
        "symbol",
        "traded_qty",
        "net_cash_ccy",
        "fees_ccy",
    )
    assert rows(parsed, Transactions, *columns) == [
        (2, "vanguard", dt.date(2011, 1, 12), "buy", "ABC", D(300), D("-234.56"), None),
        (3, "vanguard", dt.date(2011, 2, 1), "sell", "ABC", D(-300), D("245.23"), None),
        (4, "vanguard", dt.date(2011, 3, 12), "buy", "XYZ", D(100), D("-5678.9"), None),
        (5, "vanguard", dt.date(2011, 5, 1), "sell", "XYZ", D(-100), D("6783.53"), None),
    ]


def test_ofx_download_written_from_its_description(tmp_path: Path) -> None:
    parsed = read(FEED, tmp_path, "OfxDownload.csv", OFX_DOWNLOAD)
    assert (parsed.generation, parsed.as_of_date, parsed.subject, parsed.rejects) == (
        "holdings-brokerage",
        None,
        "",
        (),
    )
    assert rows(
        parsed, Positions, "row_no", "source_account", "symbol", "asset_type", "held_qty", "price_ccy", "value_ccy"
    ) == [
        (2, "39321600", "VOO", None, D("18.1817"), D("629.3"), D("11441.74")),
        (3, "39321600", "VMFXX", "money_market", D(515000), D(1), D(515000)),
        (4, "39321600", None, None, D(5000), D(100), D(500000)),
    ]
    columns = ("row_no", "trade_date", "settle_date", "transaction_type", "traded_qty", "fees_ccy", "net_cash_ccy")
    assert rows(parsed, Transactions, *columns) == [
        (8, dt.date(2026, 4, 30), dt.date(2026, 5, 1), "buy", D(2), D("0.5"), D("-1200.5")),
        (9, dt.date(2026, 4, 30), dt.date(2026, 4, 30), "journal", D(0), D(0), D("1200.5")),
    ]


def test_totals_cash_and_fund_accounts_written_from_their_description(tmp_path: Path) -> None:
    header = ",".join(VANGUARD_HOLDINGS.generations["fund"])
    parsed = read(
        FEED,
        tmp_path,
        "vanguard_2026-09-30.csv",
        f"{HOLDINGS}\n1,Cash,CASH,,,12.50,\n1,Total,,,,15000.00,\n\n{header}\n2-01,529 Growth,$10.00,5,$50.00,\n\nLegal text of no value\n",
    )
    assert parsed.rejects == ()
    assert rows(parsed, CashBalances, "source_account", "bucket", "amount_ccy", "as_of_date") == [
        ("1", "core", D("12.5"), dt.date(2026, 9, 30))
    ]
    assert rows(parsed, ControlTotals, "source_account", "stated") == [("1", D(15000))]
    assert rows(parsed, Positions, "source_account", "description", "held_qty", "price_ccy", "value_ccy") == [
        ("2-01", "529 Growth", D(5), D(10), D(50))
    ]


@pytest.mark.parametrize("cut", [10, 30, 50])
def test_a_cut_last_line_is_a_reject(tmp_path: Path, cut: int) -> None:
    last = OFX_DOWNLOAD.rstrip("\n").rsplit("\n", 1)[1]
    parsed = read(FEED, tmp_path, "OfxDownload.csv", OFX_DOWNLOAD[: -len(last) - 1 + cut])
    assert [(reject.row_no, reject.raw_text) for reject in parsed.rejects] == [(9, last[:cut])]


def test_wrong_values_name_their_columns(tmp_path: Path) -> None:
    text = OFX_DOWNLOAD.replace("18.1817", "18..1817").replace("2026-04-30,2026-05-01", "2026-13-30,2026-05-01")
    parsed = read(FEED, tmp_path, "OfxDownload.csv", text)
    assert [(reject.row_no, reject.column_name) for reject in parsed.rejects] == [(2, "Shares"), (8, "Trade Date")]


def test_a_missing_column_and_another_brokers_file_stop(tmp_path: Path, shared: Path) -> None:
    with pytest.raises(FileStopped, match="'Shares'") as stopped:
        read(FEED, tmp_path, "OfxDownload.csv", OFX_DOWNLOAD.replace("Symbol,Shares,", "Symbol,Stücke,"))
    assert stopped.value.check == Check.FILE_COLUMNS
    with pytest.raises(FileStopped) as stopped:
        read_path(FEED, shared / "samples/schwab/Individual-Positions-2023.csv")
    assert stopped.value.check == Check.FILE_OTHER_LAYOUT


def test_files_of_other_brokers_are_not_recognised(shared: Path) -> None:
    for path in (shared / "samples").rglob("*"):
        if path.is_file():
            assert FEED.recognises(path.name, path.read_bytes()[:65536]) == (path.name == "vanguard.csv"), path.name
