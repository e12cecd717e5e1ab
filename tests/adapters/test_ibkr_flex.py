"""IBKR Flex XML: exact values of the samples, and what happens to damaged files."""

import datetime as dt
import hashlib
import json
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pytest

from data_contracts.cash_balances import CashBalances
from data_contracts.fx_rates import FxRates
from data_contracts.other_rows import OtherRows
from data_contracts.positions import Positions
from data_contracts.realized_lots import RealizedLots
from data_contracts.security_texts import SecurityTexts
from data_contracts.tax_lots import TaxLots
from data_contracts.transactions import Transactions
from data_contracts.vocab import Check
from evenkeel.adapters.custodians.ibkr_flex import IbkrFlex
from evenkeel.errors import FileStopped
from evenkeel.ports import ParsedFile, RawFile


def parse(path: Path) -> ParsedFile:
    raw = path.read_bytes()
    return IbkrFlex().parse(RawFile(hashlib.sha256(raw).hexdigest(), path.name, path, len(raw)))


def parse_text(tmp_path: Path, body: str, statement: str = 'accountId="U7" toDate="20251231"') -> ParsedFile:
    path = tmp_path / "flex.xml"
    path.write_text(
        f'<FlexQueryResponse type="AF"><FlexStatements count="1"><FlexStatement {statement}>{body}'
        "</FlexStatement></FlexStatements></FlexQueryResponse>"
    )
    return parse(path)


def stop(tmp_path: Path, content: bytes) -> FileStopped:
    path = tmp_path / "flex.xml"
    path.write_bytes(content)
    with pytest.raises(FileStopped) as caught:
        parse(path)
    return caught.value


def row(frame: pl.DataFrame, row_no: int) -> dict[str, object]:
    return frame.row(by_predicate=pl.col("row_no") == row_no, named=True)


def counts(parsed: ParsedFile) -> dict[str, int]:
    return {contract.dataset_name(): frame.height for contract, frame in parsed.tables.items()}


class TestAccountWithOneFund:
    @pytest.fixture
    def parsed(self, shared: Path) -> ParsedFile:
        return parse(shared / "samples/ibkr/vtandchill_2025.xml")

    def test_counts_every_record(self, parsed: ParsedFile) -> None:
        # 1 statement, 1 account information, 3 cash, 1 position, 1 net position, 2 fx, 10 in Trades, 11 prior, 10 cash rows
        assert parsed.row_count == 40
        assert parsed.structural_count == 1
        assert parsed.rejects == []
        assert counts(parsed) == {
            "positions": 1,
            "cash_balances": 2,
            "transactions": 17,
            "fx_rates": 1,
            "other_rows": 19,
        }

    def test_states_its_day_and_account(self, parsed: ParsedFile) -> None:
        assert (parsed.as_of_date, parsed.as_of_time, parsed.subject) == (dt.date(2026, 1, 1), None, "…9876")

    def test_the_position(self, parsed: ParsedFile) -> None:
        assert row(parsed.tables[Positions], 6) == {
            "symbol": "VT",
            "cusip": "922042742",
            "isin": "US9220427424",
            "native_id": "52197301",
            "description": "VANGUARD TOT WORLD STK ETF",
            "row_no": 6,
            "source_account": "U12349876",
            "as_of_date": dt.date(2026, 1, 1),
            "as_of_time": None,
            "sub_account": "cash",
            "asset_type": "etf",
            "currency": "USD",
            "held_qty": Decimal(200),
            "price_ccy": Decimal("141.06"),
            "price_date": dt.date(2026, 1, 1),
            "multiplier": Decimal(1),
            "value_ccy": Decimal(28212),
            "cost_ccy": Decimal("28377.0925"),
            "accrued_ccy": None,
        }

    def test_cash_by_currency_without_the_summary(self, parsed: ParsedFile) -> None:
        cash = parsed.tables[CashBalances].select("row_no", "bucket", "currency", "amount_ccy").rows()
        assert cash == [(4, "core", "CHF", Decimal("17000.05854876")), (5, "core", "USD", Decimal("-0.87"))]

    def test_rate_to_the_accounts_base_currency(self, parsed: ParsedFile) -> None:
        assert parsed.tables[FxRates].rows() == [(6, dt.date(2026, 1, 1), "USD", "CHF", Decimal("0.79285"))]

    def test_transactions(self, parsed: ParsedFile) -> None:
        frame = parsed.tables[Transactions]
        kinds = dict(frame["transaction_type"].value_counts().rows())
        assert kinds == {"buy": 5, "fx": 2, "dividend": 1, "tax": 1, "fee": 1, "withdrawal": 1, "interest": 6}
        first = row(frame, 12)
        assert first["traded_qty"] == Decimal(130)
        assert first["price_ccy"] == Decimal("141.795")
        assert first["fees_ccy"] == Decimal(1)
        assert first["net_cash_ccy"] == Decimal("-17867.17")
        assert (first["trade_date"], first["settle_date"]) == (dt.date(2025, 12, 15), dt.date(2025, 12, 16))
        assert (first["raw_action"], first["source_transaction_id"]) == ("ExchTrade BUY O", "34567824723")

    def test_nobody_is_named(self, parsed: ParsedFile) -> None:
        for frame in parsed.tables.values():
            text = frame.drop("source_account", strict=False).write_csv()
            for personal in ("Muster", "CHILLACCOUNT", "U12349876", "paula", "Borsenstrasse", "8001"):
                assert personal not in text
        information = json.loads(str(row(parsed.tables[OtherRows], 2)["payload_json"]))
        assert information["currency"] == "CHF"
        assert information["accountType"] == "Individual"


class TestOptionsAndFutures:
    @pytest.fixture
    def parsed(self, shared: Path) -> ParsedFile:
        return parse(shared / "samples/ibkr/options_future_2025.xml")

    def test_counts_every_record(self, parsed: ParsedFile) -> None:
        assert (parsed.row_count, parsed.structural_count, parsed.rejects) == (161, 1, [])
        # 39 trades, 52 cash rows and the one option event that no trade booked; 44 accruals, 12 events, 1 information
        assert counts(parsed) == {"positions": 11, "transactions": 92, "fx_rates": 1, "other_rows": 57}

    def test_positions_inherit_the_account(self, parsed: ParsedFile) -> None:
        assert set(parsed.tables[Positions]["source_account"]) == {"U0000000"}

    def test_value_is_units_times_price_times_size(self, parsed: ParsedFile) -> None:
        short = row(parsed.tables[Positions], 13)
        assert short["symbol"] == "CHUF6 C1290"
        assert short["sub_account"] == "short"
        assert [short[name] for name in ("held_qty", "price_ccy", "multiplier", "value_ccy")] == [
            Decimal(-1),
            Decimal("0.0008"),
            Decimal(125000),
            Decimal(-100),
        ]
        for one in parsed.tables[Positions].iter_rows(named=True):
            assert one["held_qty"] * one["price_ccy"] * one["multiplier"] == pytest.approx(one["value_ccy"], abs=1)

    def test_base_currency_is_the_one_with_rate_one(self, parsed: ParsedFile) -> None:
        rates = parsed.tables[FxRates].select("currency_from", "currency_to", "rate").rows()
        assert rates == [("USD", "CHF", Decimal("0.79268"))]
        assert parsed.notes == ("base currency taken for CHF, the only one with rate 1: AccountInformation has none",)

    def test_exercise_and_expiry_name_the_trade_that_booked_them(self, parsed: ParsedFile) -> None:
        frame = parsed.tables[Transactions].filter(pl.col("transaction_type").is_in(["exercise", "expired"]))
        assert frame.select("symbol", "transaction_type", "traded_qty", "raw_action").sort("symbol").rows() == [
            ("4SFV5 C1265", "exercise", Decimal(-1), "BookTrade SELL Exercise"),
            ("CHUF5 C1210", "expired", Decimal(6), "BookTrade BUY Expiration"),
            ("IGIC  250117C00025000", "expired", Decimal(1), "BookTrade BUY Expiration"),
            ("SA    250919C00017000", "exercise", Decimal(1), "BookTrade BUY Assignment"),
            ("TLT   250613C00089500", "expired", Decimal(-3), "BookTrade SELL Expiration"),
            ("VIX   250416P00055000", "exercise", Decimal(-1), "BookTrade SELL Exercise"),
        ]
        assert parsed.tables[Transactions].filter(pl.col("raw_action") == "Cash Settlement").height == 1

    def test_cash_falls_on_the_day_the_books_show_it(self, parsed: ParsedFile) -> None:
        dates = parsed.tables[Transactions].filter(pl.col("raw_action") == "Other Fees")["trade_date"]
        assert all(isinstance(day, dt.date) and day.year == 2025 for day in dates)


class TestClosedLotsAndCorporateActions:
    @pytest.fixture
    def parsed(self, shared: Path) -> ParsedFile:
        return parse(shared / "samples/ibkr/uabean_ib.xml")

    def test_counts_every_record(self, parsed: ParsedFile) -> None:
        assert (parsed.row_count, parsed.structural_count, parsed.rejects) == (25, 1, [])
        assert counts(parsed) == {"cash_balances": 2, "transactions": 20, "realized_lots": 3}
        assert parsed.as_of_date == dt.date(2000, 10, 7)

    def test_unsettled_cash_is_told_beside_all_cash(self, parsed: ParsedFile) -> None:
        cash = dict(parsed.tables[CashBalances].select("bucket", "amount_ccy").rows())
        assert cash == {"core": Decimal("2478.099263644"), "unsettled": Decimal("-1559.971031")}

    def test_closed_lots(self, parsed: ParsedFile) -> None:
        lots = parsed.tables[RealizedLots].select(
            "symbol", "opened_date", "closed_date", "closed_qty", "proceeds_ccy", "cost_ccy", "short_term_gain_ccy"
        )
        assert (
            "BRK B",
            dt.date(2000, 3, 3),
            dt.date(2000, 5, 11),
            Decimal(1),
            Decimal("199.495472"),
            Decimal("185.25"),
            Decimal("14.245472"),
        ) in lots.rows()
        assert parsed.tables[RealizedLots]["long_term_gain_ccy"].null_count() == 3

    def test_corporate_actions(self, parsed: ParsedFile) -> None:
        actions = parsed.tables[Transactions].filter(pl.col("raw_action").is_in(["FS", "TC", "IC"]))
        rows = actions.select("symbol", "transaction_type", "trade_date", "traded_qty", "net_cash_ccy").rows()
        by_symbol = {(one[0], one[1]): one for one in rows}
        assert by_symbol[("LVGO", "merger")][3:] == (Decimal("-2.5052"), Decimal("10.622048"))
        assert by_symbol[("COP", "merger")][3] == Decimal("12.75")
        assert ("DM", "name_change") in by_symbol
        # The split of the evening of the 4th (a Sunday) is on the books on the 7th.
        assert by_symbol[("AAPL", "split")][2:4] == (dt.date(2000, 6, 7), Decimal("3.114"))

    def test_deposit(self, parsed: ParsedFile) -> None:
        deposits = parsed.tables[Transactions].filter(pl.col("transaction_type") == "deposit")
        assert deposits.select("net_cash_ccy", "description").rows() == [(Decimal(10000), None)]


LOT = 'currency="USD" symbol="VTI" assetCategory="STK" reportDate="20251231" markPrice="10" '


def test_lots_stand_apart_from_their_position(tmp_path: Path) -> None:
    parsed = parse_text(
        tmp_path,
        f"<OpenPositions><OpenPosition {LOT} position='3' levelOfDetail='SUMMARY' costBasisMoney='20'/>"
        f"<OpenPosition {LOT} position='1' levelOfDetail='LOT' openDateTime='20240102;093000' costBasisMoney='8' code='LT'"
        " originatingTransactionID='77' holdingPeriodDateTime='2023-12-31'/>"
        f"<OpenPosition {LOT} position='2' levelOfDetail='LOT' openDateTime='2025-03-04 101112' code='ST'/></OpenPositions>",
    )
    assert parsed.tables[Positions]["held_qty"].to_list() == [Decimal(3)]
    lots = parsed.tables[TaxLots].select(
        "lot_id", "opened_date", "holding_period_date", "held_qty", "cost_ccy", "is_long_term"
    )
    assert lots.rows() == [
        ("77", dt.date(2024, 1, 2), dt.date(2023, 12, 31), Decimal(1), Decimal(8), True),
        (None, dt.date(2025, 3, 4), None, Decimal(2), None, False),
    ]


def test_consolidated_rows_are_kept_but_not_counted(tmp_path: Path) -> None:
    parsed = parse_text(tmp_path, f"<OpenPosition accountId='-' {LOT} position='3'/>")
    assert counts(parsed) == {"other_rows": 1}


def test_two_statements_keep_their_accounts(tmp_path: Path) -> None:
    one = (
        '<FlexStatement accountId="{}" toDate="20251231">'
        '<OpenPosition currency="EUR" symbol="X" position="1" fxRateToBase="1.1" reportDate="20251231"/>'
        '<AccountInformation accountId="{}" currency="USD"/></FlexStatement>'
    )
    path = tmp_path / "two.xml"
    path.write_text(
        "<FlexQueryResponse><FlexStatements>"
        + one.replace("{}", "U1")
        + one.replace("{}", "U2")
        + "</FlexStatements></FlexQueryResponse>"
    )
    parsed = parse(path)
    assert parsed.tables[Positions]["source_account"].to_list() == ["U1", "U2"]
    assert parsed.subject == ""
    assert parsed.tables[FxRates].height == 1  # the same rate of the same day is told once


def test_orders_count_only_where_executions_are_missing(tmp_path: Path) -> None:
    trade = "assetCategory='STK' symbol='A' currency='USD' tradeDate='20251230' buySell='SELL' quantity='-2'"
    order, execution = f"<Order {trade} levelOfDetail='ORDER'/>", f"<Trade {trade} levelOfDetail='EXECUTION'/>"
    assert counts(parse_text(tmp_path, order)) == {"transactions": 1}
    assert counts(parse_text(tmp_path, order + execution)) == {"transactions": 1, "other_rows": 1}


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ("assetCategory='STK' buySell='BUY' openCloseIndicator='O'", "buy"),
        ("assetCategory='STK' buySell='SELL' openCloseIndicator='C'", "sell"),
        ("assetCategory='STK' buySell='SELL' openCloseIndicator='O'", "sell_to_open"),
        ("assetCategory='STK' buySell='BUY' openCloseIndicator='C'", "buy_to_close"),
        ("assetCategory='OPT' buySell='BUY' openCloseIndicator='O'", "buy_to_open"),
        ("assetCategory='OPT' buySell='SELL' openCloseIndicator='C'", "sell_to_close"),
        ("assetCategory='OPT' buySell='SELL'", "sell"),
    ],
)
def test_opening_and_closing(tmp_path: Path, fields: str, kind: str) -> None:
    parsed = parse_text(tmp_path, f"<Trade currency='USD' tradeDate='20251230' quantity='1' {fields}/>")
    assert parsed.tables[Transactions]["transaction_type"].to_list() == [kind]


def test_transfers_and_securities(tmp_path: Path) -> None:
    parsed = parse_text(
        tmp_path,
        "<Transfers><Transfer type='ACATS' direction='OUT' quantity='5' currency='USD' symbol='A' conid='1' date='20251230'"
        " cashTransfer='0' accountName='Somebody' /></Transfers>"
        "<SecuritiesInfo><SecurityInfo symbol='A' conid='1' cusip='037833100' assetCategory='BOND' multiplier='1'/></SecuritiesInfo>",
    )
    transfer = parsed.tables[Transactions].row(0, named=True)
    assert (transfer["transaction_type"], transfer["traded_qty"]) == ("transfer_out", Decimal(-5))
    assert parsed.tables[SecurityTexts].select("cusip", "asset_type").rows() == [("037833100", "bond")]


@pytest.mark.parametrize(
    ("fields", "column"),
    [
        ("position='1,000' currency='USD'", "position"),
        ("position='1' markPrice='NaN' currency='USD'", "markPrice"),
        ("position='1' reportDate='20251331' currency='USD'", "reportDate"),
        ("position='1'", "currency"),
        ("currency='USD'", "position"),
    ],
)
def test_a_bad_field_rejects_its_record_alone(tmp_path: Path, fields: str, column: str) -> None:
    parsed = parse_text(
        tmp_path, f"<OpenPosition accountId='U1234567' symbol='A' {fields}/><OpenPosition position='1' currency='USD'/>"
    )
    assert [(reject.row_no, reject.column_name) for reject in parsed.rejects] == [(2, column)]
    assert "U1234567" not in parsed.rejects[0].raw_text
    assert parsed.tables[Positions]["row_no"].to_list() == [3]


def test_an_unknown_section_is_kept(tmp_path: Path) -> None:
    parsed = parse_text(
        tmp_path, "<NewThings><NewThing accountId='U7' name='Somebody' amount='3' flag=''/></NewThings>"
    )
    assert parsed.tables[OtherRows].rows() == [(2, "NewThing", '{"amount": "3"}')]


def test_whole_files_that_stop(tmp_path: Path, shared: Path) -> None:
    sample = (shared / "samples/ibkr/uabean_ib.xml").read_bytes()
    assert stop(tmp_path, b"").check is Check.FILE_EMPTY
    assert stop(tmp_path, b" \n").check is Check.FILE_EMPTY
    assert stop(tmp_path, sample[: len(sample) // 2]).check is Check.FILE_TRUNCATED
    assert stop(tmp_path, b"<OFX></OFX>").check is Check.FILE_OTHER_LAYOUT
    assert stop(tmp_path, b"Account,Symbol\n1,2\n").check is Check.FILE_OTHER_LAYOUT
    assert stop(tmp_path, b"<FlexQueryResponse><FlexStatements/></FlexQueryResponse>").check is Check.FILE_UNREADABLE
    assert stop(tmp_path, sample.replace(b"<Trades>", b"<Tradez>")).check is Check.FILE_UNREADABLE
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><FlexQueryResponse>&a;</FlexQueryResponse>'
    assert stop(tmp_path, bomb).check is Check.FILE_UNREADABLE


def test_sum_of_rows_equals_the_documents_elements(shared: Path) -> None:
    for path in sorted((shared / "samples/ibkr").glob("*.xml")):
        statements = ElementTree.parse(path).getroot().iter("FlexStatement")
        expected = sum(
            1 + sum(1 for element in one.iter() if element.attrib and element is not one) for one in statements
        )
        assert parse(path).row_count == expected
