"""Schwab's CSV files: the samples to the last value, generations written from their description, and damaged files."""

import datetime as dt
import re
from decimal import Decimal as D
from pathlib import Path

import pytest

from data_contracts.cash_balances import CashBalances
from data_contracts.control_totals import ControlTotals
from data_contracts.positions import Positions
from data_contracts.realized_lots import RealizedLots
from data_contracts.tax_lots import TaxLots
from data_contracts.transactions import Transactions
from data_contracts.vocab import Check, TransactionType
from evenkeel.adapters.custodians.layouts_schwab import SCHWAB_LOTS, SCHWAB_POSITIONS
from evenkeel.adapters.custodians.schwab_csv import SchwabCsv
from evenkeel.errors import FileStopped
from tests.adapters.csv_files import read, read_path, rows

FEED = SchwabCsv()
HEADER_2023 = ",".join(f'"{cell}"' for cell in SCHWAB_POSITIONS.generations["2023"])
TITLE = '"Positions for account Individual ...234 as of 12:52 PM ET, 2023/04/23"'
ETF = (
    '"SCHB","SCHWAB US BROAD MARKET ETF","500","$48.08","0.1%","$0.05","$24,040.00","0.1%","$25.00","$22,951.97","4.74%",'
    '"$1,088.03","--","No","--","28.06%","ETFs & Closed End Funds"'
)
TOTAL = '"Account Total","--","--","--","--","--","$85,661.87","0.09%","$75.40","$79,275.80","7.24%","$5,735.70","--","--","--","--","--"'
POSITIONS_2023 = f"{TITLE}\n\n{HEADER_2023}\n{ETF}\n{TOTAL}\n"


def test_sample_positions_2023(shared: Path) -> None:
    parsed = read_path(FEED, shared / "samples/schwab/Individual-Positions-2023.csv")
    assert (parsed.layout, parsed.generation, parsed.encoding) == ("schwab_csv", "positions-2023", "utf-8")
    assert (parsed.as_of_date, parsed.as_of_time) == (dt.date(2023, 4, 23), dt.time(12, 52))
    assert (parsed.row_count, parsed.structural_count, parsed.subject) == (6, 3, "...234")
    assert parsed.rejects == ()
    assert rows(
        parsed, Positions, "row_no", "source_account", "symbol", "description", "sub_account", "asset_type", "currency"
    ) == [(4, "...234", "SCHB", "SCHWAB US BROAD MARKET ETF", "cash", "etf", "USD")]
    assert rows(parsed, Positions, "held_qty", "price_ccy", "value_ccy", "cost_ccy", "price_date") == [
        (D(500), D("48.08"), D(24040), D("22951.97"), dt.date(2023, 4, 23))
    ]
    assert rows(parsed, CashBalances, "row_no", "source_account", "bucket", "currency", "amount_ccy", "as_of_date") == [
        (5, "...234", "core", "USD", D("650.37"), dt.date(2023, 4, 23))
    ]
    assert rows(parsed, ControlTotals, "row_no", "source_account", "total_kind", "stated") == [
        (6, "...234", "account_value", D("85661.87"))
    ]


def test_sample_transactions_of_two_accounts(shared: Path) -> None:
    parsed = read_path(FEED, shared / "samples/schwab/Transactions_two_accounts_2021.csv")
    assert (parsed.generation, parsed.row_count, parsed.structural_count) == ("transactions-2021", 12, 5)
    assert (parsed.as_of_date, parsed.as_of_time, parsed.subject) == (dt.date(2021, 9, 27), dt.time(22, 0, 26), "")
    assert rows(
        parsed, Transactions, "row_no", "source_account", "trade_date", "transaction_type", "symbol", "traded_qty", "price_ccy",
        "net_cash_ccy",
    ) == [
        (3, "...234", dt.date(2021, 8, 3), "deposit", None, None, None, D(100)),
        (4, "...234", dt.date(2021, 7, 2), "buy", "SCHB", D(961), D("105.0736"), D("-100975.73")),
        (5, "...234", dt.date(2021, 6, 16), "transfer_in", None, None, None, D(101000)),
        (10, "...678", dt.date(2021, 9, 27), "sell", "VOO", D(-10), D("137.1222"), D("1370.12")),
        (11, "...678", dt.date(2021, 7, 15), "interest", None, None, None, D("0.55")),
    ]  # fmt: skip
    assert rows(parsed, ControlTotals, "row_no", "source_account", "total_kind", "currency", "stated") == [
        (6, "...234", "net_amount", "USD", D("524.82")),
        (12, "...678", "net_amount", "USD", D("524.82")),
    ]


def test_sample_realized(shared: Path) -> None:
    parsed = read_path(FEED, shared / "samples/schwab/GainLoss_Realized_2021.csv")
    assert (parsed.generation, parsed.row_count, parsed.structural_count) == ("realized-2021", 3, 2)
    assert (parsed.as_of_date, parsed.as_of_time) == (dt.date(2021, 9, 28), dt.time(23, 17, 11))
    assert rows(
        parsed,
        RealizedLots,
        "row_no",
        "source_account",
        "symbol",
        "closed_date",
        "closed_qty",
        "proceeds_ccy",
        "cost_ccy",
    ) == [(3, "...234", "VEA", dt.date(2021, 9, 27), D(3), D(12), D(10))]
    assert rows(
        parsed, RealizedLots, "short_term_gain_ccy", "long_term_gain_ccy", "disallowed_loss_ccy", "is_wash_sale"
    ) == [(D("1.5"), D("0.5"), None, False)]


def test_positions_2020_all_accounts_written_from_its_description(tmp_path: Path) -> None:
    header = ",".join(f'"{cell}"' if cell else "" for cell in SCHWAB_POSITIONS.generations["2020"])
    five, dashes = ",".join(['"--"'] * 5), ",".join(['"--"'] * 15)
    parsed = read(
        FEED,
        tmp_path,
        "All-Accounts-Positions-2020-11-15.CSV",
        '"Positions for All-Accounts as of 06:04 PM ET, 11/15/2020"\n\n"Brokerage XXXX-1234"\n'
        f"{header}\n"
        f'"Cash & Cash Investments",{five},"$0.00","$0.00","0%",{dashes},"Cash and Money Market",\n'
        f'"Account Total","--","--","--","--","--","$0.00","$0.00","0%","N/A","N/A","N/A","--","--","--","--",\n\n\n'
        '"Intelligent XXXX-4321"\n'
        f"{header}\n"
        '"SMAL 04/01/2020 32.00 P","PUT SMALL CAP $32",-1,"$12.53","$0","0%","-$1253","$0.00","0%","$1253","$0","0%","No","--","1%",'
        '"0%","$0","--","--","$1","$100",1000,"--","TRUE","ETFs & Closed End Funds"\n'
        '"912810QF8","US TREASURY BOND","1,000","$101.50","$0","0%","$1,015.00","$0.00","0%","(12.00)","$0","0%","No","--","1%",'
        '"0%","$0","--","--","$1","$100","1000","--","--","Fixed Income",\n'
        f'"Account Total","--","--","--","--","--","$13,727.00","$328.00","+2.38%","$12,000.00","--",\n',
    )
    assert (parsed.generation, parsed.subject, parsed.as_of_date) == ("positions-2020", "", dt.date(2020, 11, 15))
    assert parsed.rejects == ()
    assert rows(
        parsed, Positions, "source_account", "symbol", "cusip", "asset_type", "held_qty", "value_ccy", "cost_ccy"
    ) == [
        ("XXXX-4321", "SMAL 04/01/2020 32.00 P", None, "option", D(-1), D(-1253), D(1253)),
        ("XXXX-4321", "912810QF8", "912810QF8", "bond", D(1000), D(1015), D(-12)),
    ]
    assert rows(parsed, CashBalances, "source_account", "amount_ccy") == [("XXXX-1234", D(0))]
    assert rows(parsed, ControlTotals, "source_account", "stated") == [("XXXX-1234", D(0)), ("XXXX-4321", D(13727))]


def test_positions_2025_written_from_its_description(tmp_path: Path) -> None:
    header = ",".join(f'"{cell}"' for cell in SCHWAB_POSITIONS.generations["2025"])
    padding = ",".join(['""'] * 16)
    parsed = read(
        FEED,
        tmp_path,
        "positions.csv",
        f'"Positions for account Individual ...123 as of 12:33 PM ET, 2025/05/04",{padding}\n{header}\n'
        '"SCHB","BROAD","9,999.99","$99.99","$0.99","99.99%","$9099.99","$99.99","99.99%","99099.99","$9099.99","99.99%","--","Yes",'
        '"--","99.099%","ETFs & Closed End Funds"\n'
        '"Positions Total","","--","--","--","--","$9099.99","--","--","--","--","--","--","--","--","--","--"\n',
    )
    assert parsed.generation == "positions-2025"
    assert rows(parsed, Positions, "held_qty", "price_ccy", "value_ccy", "cost_ccy") == [
        (D("9999.99"), D("99.99"), D("9099.99"), D("99099.99"))
    ]
    assert rows(parsed, ControlTotals, "total_kind", "stated") == [("account_value", D("9099.99"))]


@pytest.mark.parametrize(
    ("generation", "lines", "expected"),
    [
        (
            "9",
            '"09/24/2020 13:42:07","10.5","$70.50","$72.56","$740.25","$761.88","-$21.63","-1.05%","Short Term",\n'
            '"Total","10.5","--","--","$740.25","$761.88","-$21.63","-1.05%","--",\n',
            (dt.date(2020, 9, 24), D("10.5"), D("70.5"), D("740.25"), D("761.88"), None, False),
        ),
        (
            "15",
            '"08/31/2019 00:00:00","--","10.5","$70.50","$5.00","--","$740.25","$761.88","--","--","--","0%","--","Long Term","$3.10",\n'
            '"Total","--","10.5","--","--","--","$740.25","$761.88","--","$0.00","--","+0.00%","--","--","--",\n',
            (dt.date(2019, 8, 31), D("10.5"), D("70.5"), D("740.25"), D("761.88"), D("3.1"), True),
        ),
    ],
)
def test_lot_details_written_from_their_description(
    tmp_path: Path, generation: str, lines: str, expected: tuple[object, ...]
) -> None:
    header = ",".join(f'"{cell}"' if cell else "" for cell in SCHWAB_LOTS.generations[generation])
    title = '"HYLB Lot Details for XXXX-4321 as of 02:45 AM ET, 10/25/2020"'
    parsed = read(FEED, tmp_path, "HYLB.csv", f"{title}\n\n{header}\n{lines}")
    assert (parsed.generation, parsed.subject) == (f"lots-{generation}", "HYLB|XXXX-4321")
    assert (parsed.as_of_date, parsed.as_of_time) == (dt.date(2020, 10, 25), dt.time(2, 45))
    columns = ("opened_date", "held_qty", "price_ccy", "value_ccy", "cost_ccy", "disallowed_loss_ccy", "is_long_term")
    assert rows(parsed, TaxLots, *columns) == [expected]
    assert rows(parsed, TaxLots, "symbol", "source_account", "row_no") == [("HYLB", "XXXX-4321", 4)]
    assert rows(parsed, ControlTotals, "symbol", "total_kind", "stated", "currency") == [
        ("HYLB", "lot_qty", D("10.5"), None),
        ("HYLB", "lot_cost", D("761.88"), "USD"),
    ]


def test_every_known_action_has_a_type_and_an_unknown_one_is_kept(tmp_path: Path, shared: Path) -> None:
    text = (shared / "FORMATS.md").read_text()
    actions = re.split(r",\s*", text.split("## Schwab Action strings seen (62)")[1].strip())
    assert len(actions) == 62
    lines = [f'"01/02/2024","{action}","AAA","X","1","$2.00","$0.10","$5.00"' for action in [*actions, "Moon Landing"]]
    parsed = read(
        FEED, tmp_path, "Individual_XXX178_Transactions_20240309-115444.csv",
        "Date,Action,Symbol,Description,Quantity,Price,Fees & Comm,Amount\n" + "\n".join(lines) + "\n",
    )  # fmt: skip
    found = dict(rows(parsed, Transactions, "raw_action", "transaction_type"))
    assert set(found) == {*actions, "Moon Landing"}
    others = {action for action, kind in found.items() if kind == TransactionType.OTHER}
    assert others == {"Moon Landing", "Cash In Lieu", "Misc Cash Entry"}
    assert rows(parsed, Transactions, "source_account", "fees_ccy")[0] == ("XXX178", D("0.1"))
    assert (parsed.as_of_date, parsed.as_of_time) == (dt.date(2024, 3, 9), None)


def test_directions_follow_the_money(tmp_path: Path) -> None:
    parsed = read(
        FEED,
        tmp_path,
        "Brokerage_Transactions_20201115-180021.CSV",
        "Date,Action,Symbol,Description,Quantity,Price,Fees & Comm,Amount\n"
        "10/19/2020,MoneyLink Transfer,,Tfr,,,,-$4000.00\n"
        "05/22/2023,Journaled Shares,DGLRX,BNY,-877,$22.91,,\n"
        "05/22/2023,Security Transfer,DGLRX,BNY,-5,,,\n"
        "07/16/2021 as of 07/15/2021,Sell Short,A,B,7,$1.00,$0.01,$6.99\n"
        "05/22/2023,Buy,A,B,2,$1.00,,-$2.00\n"
        "05/22/2023,Buy,A,B,2,$1.00,,-$2.00\n"
        'Transactions Total,,,,,,,"-$26,582.91"',
    )
    assert rows(parsed, Transactions, "row_no", "transaction_type", "traded_qty", "net_cash_ccy", "source_account") == [
        (2, "withdrawal", None, D(-4000), "Brokerage_Transactions"),
        (3, "journal", D(-877), None, "Brokerage_Transactions"),
        (4, "transfer_out", D(-5), None, "Brokerage_Transactions"),
        (5, "sell_to_open", D(-7), D("6.99"), "Brokerage_Transactions"),
        (6, "buy", D(2), D(-2), "Brokerage_Transactions"),
        (7, "buy", D(2), D(-2), "Brokerage_Transactions"),
    ]
    assert rows(parsed, Transactions, "trade_date")[3] == (dt.date(2021, 7, 15),)
    assert rows(parsed, ControlTotals, "stated") == [(D("-26582.91"),)]


def test_reordered_columns_and_changed_case_read_the_same(tmp_path: Path) -> None:
    plain = read(FEED, tmp_path, "a.csv", POSITIONS_2023)
    import csv
    import io

    cells = [next(csv.reader([line])) for line in (HEADER_2023, ETF, TOTAL)]
    order = [16, 6, 3, 0, 9, 2, 1, *(i for i in range(17) if i not in (16, 6, 3, 0, 9, 2, 1))]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([TITLE.strip('"')])
    writer.writerow([f"  {cells[0][i].upper()} " for i in order])
    for row in cells[1:]:
        writer.writerow([row[i] for i in order])
    mixed = read(FEED, tmp_path, "a.csv", out.getvalue())
    for contract in (Positions, ControlTotals):
        assert mixed.tables[contract].drop("row_no").equals(plain.tables[contract].drop("row_no"))
    assert mixed.generation == "positions-unlisted"


def test_an_extra_column_is_noted_and_ignored(tmp_path: Path) -> None:
    text = POSITIONS_2023.replace('"Security Type"', '"Security Type","Moon Phase"')
    text = text.replace('"ETFs & Closed End Funds"', '"ETFs & Closed End Funds","full"').replace(TOTAL, TOTAL + ',"--"')
    parsed = read(FEED, tmp_path, "a.csv", text)
    assert rows(parsed, Positions, "held_qty", "asset_type") == [(D(500), "etf")]
    assert any("Moon Phase" in note for note in parsed.notes)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    text = POSITIONS_2023.replace("SCHWAB US BROAD", "CRÉDIT £ US BROAD")
    parsed = read(FEED, tmp_path, "a.csv", text.encode(encoding))
    assert rows(parsed, Positions, "description") == [("CRÉDIT £ US BROAD MARKET ETF",)]
    assert parsed.encoding == encoding


@pytest.mark.parametrize(
    ("damage", "check", "words"),
    [
        (lambda text: b"", Check.FILE_EMPTY, "no content"),
        (lambda text: b"\n \r\n", Check.FILE_EMPTY, "no content"),
        (lambda text: b"PK\x03\x04" + bytes(range(256)) * 8, Check.FILE_UNREADABLE, "not text"),
        (lambda text: text.replace('"Quantity"', '"Bestand"').encode(), Check.FILE_COLUMNS, "'Quantity'"),
        (lambda text: text.replace('"Market Value"', '"Price"').encode(), Check.FILE_COLUMNS, "'Market Value'"),
        (lambda text: text.replace('"Ratings"', '"Price"').encode(), Check.FILE_COLUMNS, "Price stands twice"),
        (lambda text: text.split(TOTAL)[0].encode(), Check.FILE_TRUNCATED, "total line"),
        (lambda text: b"Dear Sir,\nwe regret, truly, that\nnothing is here\n", Check.FILE_OTHER_LAYOUT, "no header"),
    ],
)  # fmt: skip
def test_damage_that_stops_a_file(tmp_path: Path, damage: object, check: Check, words: str) -> None:
    assert callable(damage)
    with pytest.raises(FileStopped, match=re.escape(words)) as stopped:
        read(FEED, tmp_path, "a.csv", damage(POSITIONS_2023))
    assert stopped.value.check == check
    assert "\n" not in stopped.value.message


@pytest.mark.parametrize(
    ("before", "after", "column"),
    [
        ('"500"', '"5OO"', "Quantity"),
        ('"$24,040.00"', '"$24,04"', "Market Value"),
        ('"$22,951.97"', '"€22,951.97"', "Cost Basis"),
        ('"500"', '"50%"', "Quantity"),
        ('"$48.08"', '"48.08.1"', "Price"),
    ],
)
def test_a_wrong_number_is_a_reject_that_names_its_column(tmp_path: Path, before: str, after: str, column: str) -> None:
    parsed = read(FEED, tmp_path, "a.csv", POSITIONS_2023.replace(before, after))
    assert Positions not in parsed.tables
    assert [(reject.row_no, reject.column_name) for reject in parsed.rejects] == [(4, column)]
    assert parsed.rejects[0].raw_text == ETF.replace(before, after)


@pytest.mark.parametrize("cut", [len(POSITIONS_2023) - len(TOTAL) - 1 - n for n in (2, 5, 30, 100, 150)])
def test_a_cut_last_line_is_a_reject(tmp_path: Path, cut: int) -> None:
    parsed = read(FEED, tmp_path, "a.csv", POSITIONS_2023[:cut])
    assert [reject.row_no for reject in parsed.rejects] == [4]


def test_an_unclosed_quote_costs_its_own_line_only(tmp_path: Path) -> None:
    broken = ETF.replace('"SCHWAB US', '"SCHWAB US').replace('"ETFs & Closed End Funds"', '"ETFs')
    parsed = read(FEED, tmp_path, "a.csv", f"{TITLE}\n{HEADER_2023}\n{ETF}\n{TOTAL}\n{broken}\n")
    assert [(reject.row_no, reject.raw_text) for reject in parsed.rejects] == [(5, broken)]
    assert rows(parsed, Positions, "row_no") == [(3,)]


def test_a_quoted_line_break_is_one_row(tmp_path: Path) -> None:
    parsed = read(
        FEED, tmp_path, "a.csv", POSITIONS_2023.replace("BROAD MARKET", "BROAD\nMARKET").replace("\n", "\r\n")
    )
    assert rows(parsed, Positions, "row_no", "description") == [(4, "SCHWAB US BROAD\nMARKET ETF")]
    assert rows(parsed, ControlTotals, "row_no") == [(6,)]
    assert parsed.row_count == 5


def test_files_of_other_brokers_are_not_recognised(shared: Path) -> None:
    own = {path for path in (shared / "samples/schwab").iterdir()}
    for path in (shared / "samples").rglob("*"):
        if path.is_file():
            assert FEED.recognises(path.name, path.read_bytes()[:65536]) == (path in own), path.name
