"""Fidelity's CSV files: the samples to the last value, generations written from their description, and damaged files."""

import datetime as dt
import re
from decimal import Decimal as D
from pathlib import Path

import pytest

from data_contracts.cash_balances import CashBalances
from data_contracts.control_totals import ControlTotals
from data_contracts.positions import Positions
from data_contracts.realized_lots import RealizedLots
from data_contracts.transactions import Transactions
from data_contracts.vocab import Check
from evenkeel.adapters.custodians.fidelity_csv import FidelityCsv
from evenkeel.adapters.custodians.layouts_fidelity import FIDELITY_HISTORY, FIDELITY_POSITIONS
from evenkeel.errors import FileStopped
from tests.adapters.csv_files import read, read_path, rows

FEED = FidelityCsv()
HEADER = ",".join(FIDELITY_POSITIONS.generations["2021"])
ROW = (
    'Z00000000,AAAA,VWO,VANGUARD INTL,900,$50.922,+$0.160,"$45,900.35",+$150.25,+0.32%,"+$11,945.20",+31.10%,15.05%,"$38,362.05",'
    "$28.96,Cash,"
)
FOOTER = '\n\n"The data and information in this spreadsheet is provided to you solely for your use."\n\n'
POSITIONS = f"{HEADER}\n{ROW}\n{FOOTER}Date downloaded 07/07/2026 9:12 PM ET\n"


def history(generation: str) -> str:
    return ",".join(FIDELITY_HISTORY.generations[generation])


def test_sample_positions_2021(shared: Path) -> None:
    parsed = read_path(FEED, shared / "samples/fidelity/Portfolio_Positions_2021.csv")
    assert (parsed.generation, parsed.as_of_date, parsed.row_count, parsed.structural_count) == (
        "positions-2021",
        None,
        5,
        3,
    )
    assert parsed.rejects == ()
    assert rows(parsed, Positions, "row_no", "source_account", "symbol", "sub_account", "held_qty", "price_ccy", "value_ccy",
        "cost_ccy") == [
        (2, "Z00000000", "VWO", "cash", D(900), D("50.922"), D("45900.35"), D("38362.05")),
        (3, "Z00000001", "VOO", "cash", D(800), D("40.922"), D("45900.35"), D("38362.05")),
    ]  # fmt: skip


def test_sample_history_2021(shared: Path) -> None:
    parsed = read_path(FEED, shared / "samples/fidelity/Accounts_History_2021.csv")
    assert (parsed.generation, parsed.row_count, parsed.structural_count) == ("history-2021", 8, 5)
    assert rows(parsed, Transactions, "row_no", "source_account", "trade_date", "transaction_type", "raw_action", "net_cash_ccy") == [
        (4, "X0000000A", dt.date(2021, 3, 1), "withdrawal", "DEBIT CARD PURCHASE", D(-17)),
        (5, "X0000000B", dt.date(2021, 3, 1), "withdrawal", "DIRECT DEBIT BLAH", D(-23)),
        (6, "X0000000C", dt.date(2021, 3, 1), "deposit", "DIRECT DEPOSIT BLAH", D(7)),
    ]  # fmt: skip


def test_sample_realized(shared: Path) -> None:
    parsed = read_path(FEED, shared / "samples/fidelity/Realized_Gain_Loss_2021.csv")
    assert (parsed.row_count, parsed.structural_count, parsed.subject) == (2, 1, "Realized_Gain_Loss_2021")
    assert rows(parsed, RealizedLots, "row_no", "symbol", "cusip", "opened_date", "closed_date", "closed_qty") == [
        (2, "VEA", "100000000", dt.date(2020, 8, 31), dt.date(2021, 1, 29), D(3))
    ]
    assert rows(parsed, RealizedLots, "proceeds_ccy", "cost_ccy", "short_term_gain_ccy", "long_term_gain_ccy") == [
        (D(12), D(10), D("1.5"), D("0.5"))
    ]


def test_positions_with_core_cash_pending_margin_and_options_written_from_their_description(tmp_path: Path) -> None:
    parsed = read(
        FEED,
        tmp_path,
        "Portfolio_Positions_Jun-30-2021.csv",
        "\ufeff"
        f"{HEADER}\n"
        'Z1234567,"Doe, Jane",SPAXX**,HELD IN MONEY MARKET,,,,$1203.44,,,,,9%,,,Cash,\n'
        "Z1234567,Mine,MSFT,MICROSOFT,10,$300.00,+$0.1,$3000.00,,,,,9%,n/a,n/a,Cash,\n"
        "Z1234567,Mine,MSFT,MICROSOFT,-4,$300.00,+$0.1,($1200.00),,,,,9%,--,--,Margin,\n"
        "Z1234567,Mine, -AMAT260424C400,AMAT APR 24 2026 $400 CALL (100 SHS),-1,$2.00,+$0.1,-$200.00,,,,,9%,--,--,Margin,\n"
        "Z1234567,Mine,912810QF8,TREASURY,1000,$99.00,+$0.1,$990.00,,,,,9%,--,--,Cash,\n"
        "Z1234567,Mine,Pending activity,,,,$250.00,,,,,,,,,,\n"
        "Z7654321,Other,Pending activity,,,,,$-50.00\n"
        "Z1234567,Mine,,Account Total,,,,$3243.44,,,,,,,,,\n",
    )
    assert (parsed.encoding, parsed.as_of_date, parsed.as_of_time) == ("utf-8-sig", dt.date(2021, 6, 30), None)
    assert parsed.rejects == ()
    assert rows(parsed, Positions, "row_no", "symbol", "sub_account", "asset_type", "held_qty", "value_ccy", "cusip", "multiplier") == [
        (3, "MSFT", "cash", None, D(10), D(3000), None, None),
        (4, "MSFT", "margin", None, D(-4), D(-1200), None, None),
        (5, "-AMAT260424C400", "margin", "option", D(-1), D(-200), None, D(100)),
        (6, "912810QF8", "cash", None, D(1000), D(990), "912810QF8", None),
    ]  # fmt: skip
    assert rows(parsed, CashBalances, "row_no", "source_account", "bucket", "symbol", "amount_ccy") == [
        (2, "Z1234567", "sweep", "SPAXX", D("1203.44")),
        (7, "Z1234567", "pending", None, D(250)),
        (8, "Z7654321", "pending", None, D(-50)),
    ]
    assert rows(parsed, ControlTotals, "source_account", "total_kind", "stated") == [
        ("Z1234567", "account_value", D("3243.44"))
    ]


def test_pending_activity_that_says_two_things_or_nothing_is_a_reject(tmp_path: Path) -> None:
    pending = (
        "Z1,A,Pending activity,,,$7.00,$8.00,,,,,,,,,,\n"
        "Z1,A,Pending activity,,,,,,,,,,,,,,\n"
        "Pending Activity,,,,,,,$-50.00,,,,,,,,,\n"
    )
    parsed = read(FEED, tmp_path, "p.csv", f"{HEADER}\n{ROW}\n{pending}")
    assert [(reject.row_no, reject.column_name) for reject in parsed.rejects] == [
        (3, "Current Value"),
        (4, "Current Value"),
        (5, "Account Number"),
    ]


def test_basket_variant_written_from_its_description(tmp_path: Path) -> None:
    header = ",".join(FIDELITY_POSITIONS.generations["basket"])
    parsed = read(FEED, tmp_path, "p.csv", f"{header}\n{ROW.replace('AAAA', 'AAAA,My basket')}\n")
    assert parsed.generation == "positions-basket"
    assert rows(parsed, Positions, "symbol", "held_qty", "value_ccy") == [("VWO", D(900), D("45900.35"))]


@pytest.mark.parametrize(
    ("line", "date", "time"),
    [
        ("Date downloaded 07/07/2026 9:12 PM ET", dt.date(2026, 7, 7), dt.time(21, 12)),
        ('"Date downloaded Oct-01-2026"', dt.date(2026, 10, 1), None),
        ('"Date downloaded Jan-04-2026 4:05 p.m. ET",,', dt.date(2026, 1, 4), dt.time(16, 5)),
        ("Date downloaded 04/30/2026 09:15 am", dt.date(2026, 4, 30), dt.time(9, 15)),
        ("Date downloaded April 3, 2026 12:00 AM", dt.date(2026, 4, 3), None),
    ],
)
def test_download_lines(tmp_path: Path, line: str, date: dt.date, time: dt.time | None) -> None:
    parsed = read(FEED, tmp_path, "Portfolio_Positions_Jun-30-2021.csv", f"{HEADER}\n{ROW}\n{FOOTER}{line}")
    assert (parsed.as_of_date, parsed.as_of_time) == (date, time)
    assert rows(parsed, Positions, "as_of_date", "price_date") == [(date, date)]


HISTORY_CASES = [
    (
        "2023",
        "\n\n\n",
        " 01/10/2023, YOU BOUGHT VANGUARD (VT) (Cash), VT, VANGUARD TOTAL WORLD,Cash,3,90.5,,0.02,,-271.52,01/12/2023\n"
        * 2,
        ("History_for_Account_X12345678.csv", "X12345678"),
        [("buy", "VT", D(3), D("90.5"), D("0.02"), D("-271.52"), dt.date(2023, 1, 12), "USD")] * 2,
    ),
    (
        "2025-06",
        "\ufeff\n\n",
        '06/10/2025,"YOU SOLD OPENING TRANSACTION CALL (PBI)", -PBI251217C9,"CALL",Margin,-5,1.2,0.65,0.1,,599.25,1000.00,'
        "06/11/2025\n",
        ("History_for_Account_X12345678-2.csv", "X12345678"),
        [("sell_to_open", "-PBI251217C9", D(-5), D("1.2"), D("0.75"), D("599.25"), dt.date(2025, 6, 11), "USD")],
    ),
    (
        "2025-12",
        "\n\n",
        '12/01/2025,"Individual","Z12345678","DIVIDEND RECEIVED X (SPAXX) (Cash)",SPAXX,"X",Cash,0,,USD,,0.000,0,,,,2.25,\n',
        ("Accounts_History.csv", "Z12345678"),
        [("dividend", "SPAXX", D(0), None, None, D("2.25"), None, "USD")],
    ),
    (
        "14",
        "\n\n",
        '04/15/2026,"Individual","Z35351644","YOU SOLD VSP AMAZON.COM INC (AMZN) (Cash)",AMZN,"AMAZON",Cash,'
        "248.08,-11,,0.06,,2728.78,04/16/2026\n",
        ("Accounts_History (1).csv", "Z35351644"),
        [("sell", "AMZN", D(-11), D("248.08"), D("0.06"), D("2728.78"), dt.date(2026, 4, 16), "USD")],
    ),
]


@pytest.mark.parametrize(("generation", "preamble", "lines", "account", "expected"), HISTORY_CASES)
def test_histories_written_from_their_description(
    tmp_path: Path,
    generation: str,
    preamble: str,
    lines: str,
    account: tuple[str, str],
    expected: list[tuple[object, ...]],
) -> None:
    parsed = read(FEED, tmp_path, account[0], f"{preamble}{history(generation)}\n{lines}{FOOTER}")
    assert (parsed.generation, parsed.subject) == (f"history-{generation}", account[1])
    columns = (
        "transaction_type",
        "symbol",
        "traded_qty",
        "price_ccy",
        "fees_ccy",
        "net_cash_ccy",
        "settle_date",
        "currency",
    )
    assert rows(parsed, Transactions, *columns) == expected
    assert {name for (name,) in rows(parsed, Transactions, "source_account")} == {account[1]}
    assert parsed.rejects == ()


def test_history_with_cells_in_another_order_than_its_header(tmp_path: Path) -> None:
    header = history("2025-12").replace("Currency,Price,Quantity", "Quantity,Currency,Price")
    line = '12/20/2021,"INDIVIDUAL","X35956562","EXPIRED CALL (PBI)", -PBI211217C9,"CALL",Cash,0,,USD,0.5,5,0,,,,0.00,'
    parsed = read(FEED, tmp_path, "h.csv", f"{header}\n{line}\n")
    assert rows(parsed, Transactions, "transaction_type", "traded_qty", "price_ccy", "currency") == [
        ("expired", D(5), D("0.5"), "USD")
    ]


def test_statement_written_from_its_description(tmp_path: Path) -> None:
    parsed = read(
        FEED,
        tmp_path,
        "Statement3312026.csv",
        "Account Type,Account,Beginning mkt Value,Change in Investment,Ending mkt Value,Short Balance,Ending Net Value\n"
        "Roth IRA - BDA,230465706,243233.75,-2179.05,241054.70,,\nIndividual,X84810689,1,1,100.00,,90.00\n \n"
        "\nSymbol/CUSIP,Description,Quantity,Price,Beginning Value,Ending Value,Cost Basis\n, \n\n"
        "230465706 \nMutual Funds \n"
        "FNCMX,FIDELITY NASDAQ ,78.74000,154.38000,10385.02,12155.88,7781.96\n"
        "Subtotal of Mutual Funds,,,,,12155.88,7781.96,,, \n\n"
        "230465706 \nCore Account \n"
        "SPAXX,FIDELITY GOVERNMENT ,57.24000,1.00000,56.66,57.24,not applicable\n"
        "Subtotal of Core Account,,,,,57.24,,,,\n\n"
        "X84810689,,,,,,\nStocks,,,,,,\n"
        "MSFT,MICROSOFT CORP,2,517.81,839599.33,1035.62,not applicable\n"
        "Subtotal of Stocks,,,,,1035.62,\n\n\nThe data and information, they say, is yours\n",
    )
    assert (parsed.generation, parsed.as_of_date) == ("statement-2015", dt.date(2026, 3, 31))
    assert parsed.rejects == ()
    assert rows(
        parsed, Positions, "source_account", "symbol", "asset_type", "held_qty", "price_ccy", "value_ccy", "cost_ccy"
    ) == [
        ("230465706", "FNCMX", "mutual_fund", D("78.74"), D("154.38"), D("12155.88"), D("7781.96")),
        ("X84810689", "MSFT", "stock", D(2), D("517.81"), D("1035.62"), None),
    ]
    assert rows(parsed, CashBalances, "source_account", "bucket", "symbol", "amount_ccy") == [
        ("230465706", "sweep", "SPAXX", D("57.24"))
    ]
    assert rows(parsed, ControlTotals, "row_no", "source_account", "total_kind", "stated") == [
        (2, "230465706", "account_value", D("241054.7")),
        (3, "X84810689", "account_value", D(90)),
        (17, "230465706", "cash_value", D("57.24")),
    ]


@pytest.mark.parametrize(
    ("damaged", "check", "words"),
    [
        ("", Check.FILE_EMPTY, "no content"),
        (POSITIONS.replace("Quantity", "Menge"), Check.FILE_COLUMNS, "'Quantity'"),
        (POSITIONS.replace("Account Number", "Konto"), Check.FILE_COLUMNS, "'Account Number'"),
        (POSITIONS.replace(HEADER, "A,B,C"), Check.FILE_OTHER_LAYOUT, "no header"),
    ],
)
def test_damage_that_stops_a_file(tmp_path: Path, damaged: str, check: Check, words: str) -> None:
    with pytest.raises(FileStopped, match=re.escape(words)) as stopped:
        read(FEED, tmp_path, "p.csv", damaged)
    assert stopped.value.check == check


@pytest.mark.parametrize("cut", [1 + len(HEADER) + n for n in (4, 9, 12, 40, 80, len(ROW) - 8)])
def test_a_cut_last_line_is_a_reject(tmp_path: Path, cut: int) -> None:
    parsed = read(FEED, tmp_path, "p.csv", POSITIONS[:cut])
    assert [reject.row_no for reject in parsed.rejects] == [2]
    assert parsed.rejects[0].raw_text == POSITIONS[len(HEADER) + 1 : cut]


def test_a_comma_in_an_unquoted_cell_is_a_reject(tmp_path: Path) -> None:
    parsed = read(FEED, tmp_path, "p.csv", POSITIONS.replace("AAAA", "Doe, Jane"))
    assert [reject.row_no for reject in parsed.rejects] == [2]


@pytest.mark.parametrize(
    ("before", "after", "column"), [("900", "9oo", "Quantity"), ("$50.922", "50,92", "Last Price")]
)
def test_a_wrong_number_is_a_reject_that_names_its_column(tmp_path: Path, before: str, after: str, column: str) -> None:
    parsed = read(FEED, tmp_path, "p.csv", POSITIONS.replace(before, f'"{after}"', 1))
    assert [(reject.row_no, reject.column_name) for reject in parsed.rejects] == [(2, column)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    parsed = read(FEED, tmp_path, "p.csv", POSITIONS.replace("VANGUARD INTL", "CRÉDIT INTL").encode(encoding))
    assert rows(parsed, Positions, "description") == [("CRÉDIT INTL",)]
    assert parsed.encoding == encoding


def test_files_of_other_brokers_are_not_recognised(shared: Path) -> None:
    own = set((shared / "samples/fidelity").iterdir())
    for path in (shared / "samples").rglob("*"):
        if path.is_file():
            assert FEED.recognises(path.name, path.read_bytes()[:65536]) == (path in own), path.name
