"""OFX and QFX: exact values of the samples, tolerance of what banks send, and what happens to damaged files."""

# ruff: noqa: E501

import datetime as dt
import hashlib
import json
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from data_contracts.cash_balances import CashBalances
from data_contracts.control_totals import ControlTotals
from data_contracts.other_rows import OtherRows
from data_contracts.positions import Positions
from data_contracts.security_texts import SecurityTexts
from data_contracts.transactions import Transactions
from data_contracts.vocab import Check
from evenkeel.adapters.custodians.ofx import Ofx
from evenkeel.adapters.custodians.ofx_codes import eastern
from evenkeel.adapters.custodians.records import BadField
from evenkeel.errors import FileStopped
from evenkeel.ports import ParsedFile, RawFile

HEADER = "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nENCODING:USASCII\nCHARSET:1252\n\n"


def parse(path: Path) -> ParsedFile:
    raw = path.read_bytes()
    return Ofx().parse(RawFile(hashlib.sha256(raw).hexdigest(), path.name, path, len(raw)))


def parse_bytes(tmp_path: Path, content: bytes) -> ParsedFile:
    path = tmp_path / "download.qfx"
    path.write_bytes(content)
    return parse(path)


def statement(body: str, securities: str = "", account: str = "A-1", date: str = "20251231") -> str:
    return (
        f"<OFX><INVSTMTMSGSRSV1><INVSTMTTRNRS><TRNUID>0<INVSTMTRS><DTASOF>{date}<CURDEF>USD"
        f"<INVACCTFROM><BROKERID>x<ACCTID>{account}</INVACCTFROM>{body}</INVSTMTRS></INVSTMTTRNRS></INVSTMTMSGSRSV1>"
        f"<SECLISTMSGSRSV1><SECLIST>{securities}</SECLIST></SECLISTMSGSRSV1></OFX>"
    )


def parse_body(tmp_path: Path, body: str, securities: str = "") -> ParsedFile:
    return parse_bytes(tmp_path, (HEADER + statement(body, securities)).encode())


def stop(tmp_path: Path, content: bytes) -> FileStopped:
    with pytest.raises(FileStopped) as caught:
        parse_bytes(tmp_path, content)
    return caught.value


def counts(parsed: ParsedFile) -> dict[str, int]:
    return {contract.dataset_name(): frame.height for contract, frame in parsed.tables.items()}


def secid(text: str = "037833100", kind: str = "CUSIP") -> str:
    return f"<SECID><UNIQUEID>{text}<UNIQUEIDTYPE>{kind}</SECID>"


def test_tiaa(shared: Path) -> None:
    parsed = parse(shared / "samples/tiaa/tiaacref.ofx")
    # sign-on, status and account; 1 transfer, 6 positions, 1 balance, 6 securities
    assert (parsed.row_count, parsed.structural_count, parsed.rejects) == (17, 3, [])
    assert counts(parsed) == {"positions": 6, "cash_balances": 1, "transactions": 1, "security_texts": 6}
    assert (parsed.as_of_date, parsed.as_of_time) == (dt.date(2017, 3, 8), dt.time(2, 0, 27))
    assert parsed.generation == "ofx_102"
    positions = parsed.tables[Positions]
    assert set(positions["source_account"]) == {"111A1111 22B222 33C333"}
    assert positions.select("cusip", "symbol", "held_qty", "price_ccy", "value_ccy").rows() == [
        ("222222126", None, Decimal("13.0763"), Decimal(1), Decimal("13.0763")),
        ("222222217", None, Decimal(1), Decimal("25.5785"), Decimal("25.5785")),
        ("222222233", "QCBMIX", Decimal("8.7605"), Decimal("12.4823"), Decimal("109.3512")),
        ("222222258", None, Decimal("339.2012"), Decimal("12.3456"), Decimal("4187.6423")),
        ("111111111", "TIAAtrad", Decimal("543.71"), Decimal(1), Decimal("543.71")),
        ("333333200", "QREARX", Decimal(2), Decimal(10), Decimal(20)),
    ]
    assert set(positions["price_date"]) == {dt.date(2017, 3, 7)}
    assert parsed.tables[CashBalances].select("bucket", "amount_ccy").rows() == [("core", Decimal(0))]


def test_vanguard_plan(shared: Path) -> None:
    parsed = parse(shared / "samples/vanguard/vanguard401k.ofx")
    assert (parsed.row_count, parsed.structural_count, parsed.rejects) == (12, 3, [])
    # The plan's balances are zero throughout: they say nothing, neither about cash nor about the account's value.
    assert counts(parsed) == {"positions": 1, "transactions": 5, "security_texts": 1, "other_rows": 2}
    assert (parsed.as_of_date, parsed.as_of_time) == (dt.date(2014, 10, 17), dt.time(17))
    position = parsed.tables[Positions].row(0, named=True)
    assert position["source_account"] == "0123456"
    assert (position["cusip"], position["native_id"]) == ("92202V351", "1659")
    assert (position["held_qty"], position["price_ccy"]) == (Decimal("117.506"), Decimal("44.01"))
    assert (position["value_ccy"], position["sub_account"]) == (Decimal("5171.44"), "other")
    assert position["asset_type"] == "mutual_fund"
    moves = parsed.tables[Transactions].select("trade_date", "transaction_type", "traded_qty", "net_cash_ccy")
    assert moves.rows()[0] == (dt.date(2014, 9, 26), "buy", Decimal("14.61137"), Decimal(-673))
    assert moves.rows()[4] == (dt.date(2013, 9, 5), "transfer_out", Decimal("-0.04241"), None)
    assert parsed.tables[Transactions]["source_transaction_id"][0] == "1234567890123456790AAA"
    assert json.loads(parsed.tables[OtherRows]["payload_json"][0]) == {"CURRENTVESTPCT": "100.0"}


def test_plan_with_transfers(shared: Path) -> None:
    parsed = parse(shared / "samples/ofx_generic/investment_401k.ofx")
    assert (parsed.row_count, parsed.structural_count, parsed.rejects) == (13, 3, [])
    assert counts(parsed) == {"positions": 3, "transactions": 3, "security_texts": 3, "control_totals": 1}
    # Midnight in the mountains is a date, not ten at night of the day before in New York.
    assert (parsed.as_of_date, parsed.as_of_time) == (dt.date(2014, 6, 30), None)
    assert parsed.tables[Positions].select("symbol", "held_qty", "value_ccy").rows() == [
        ("FOO", Decimal("17.604312"), Decimal("396.4")),
        ("BAR", Decimal("13.550983"), Decimal("395.89")),
        ("BAZ", Decimal(0), Decimal(0)),
    ]
    assert parsed.tables[ControlTotals].select("total_kind", "currency", "stated").rows() == [
        ("account_value", "USD", Decimal(1000))
    ]
    assert parsed.tables[Transactions].select("transaction_type", "traded_qty").rows() == [
        ("buy", Decimal("8.846699")),
        ("transfer_in", Decimal("6.800992")),
        ("transfer_out", Decimal("-9.060702")),
    ]


def test_statement_in_canadian_dollars(shared: Path) -> None:
    parsed = parse(shared / "samples/ofx_generic/investment_medium.ofx")
    assert (parsed.row_count, parsed.structural_count, parsed.rejects) == (11, 3, [])
    assert counts(parsed) == {"cash_balances": 1, "transactions": 3, "other_rows": 4}
    # 20:20 at four hours west of Greenwich is 19:20 in New York in December, whatever the zone's name says.
    assert (parsed.as_of_date, parsed.as_of_time) == (dt.date(2009, 12, 15), dt.time(19, 20))
    assert parsed.tables[CashBalances].select("currency", "bucket", "amount_ccy").rows() == [
        ("CAD", "core", Decimal(1))
    ]
    cash = parsed.tables[Transactions].select("currency", "net_cash_ccy", "transaction_type").rows()
    assert cash == [("USD", Decimal(amount), "other") for amount in ("-3.65", "3.35", "-3.65")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20251231", (dt.date(2025, 12, 31), None)),
        ("20140630000000.000[-6:MDT]", (dt.date(2014, 6, 30), None)),
        ("20251231200000[-8:PST]", (dt.date(2025, 12, 31), dt.time(23))),
        ("20251231220000[-8:PST]", (dt.date(2026, 1, 1), dt.time(1))),
        ("20251231160000.123[-:EST]", (dt.date(2025, 12, 31), dt.time(16))),
        ("20250701160000[-4:EST]", (dt.date(2025, 7, 1), dt.time(16))),
        ("20250701160000[-5]", (dt.date(2025, 7, 1), dt.time(17))),
        ("20251231210000", (dt.date(2025, 12, 31), dt.time(16))),
        ("20251231160000[:ABC]", (dt.date(2025, 12, 31), dt.time(16))),
        ("202512311600[0:GMT]", (dt.date(2025, 12, 31), dt.time(11))),
        ("20251231160000[+5.30:IST]", (dt.date(2025, 12, 31), dt.time(5, 42))),
    ],
)
def test_dates_are_new_yorks(text: str, expected: tuple[dt.date, dt.time | None]) -> None:
    assert eastern("DTASOF", text) == expected


@pytest.mark.parametrize("text", ["2025", "20251331", "20251231250000", "31.12.2025", "00001231"])
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(BadField, match="not a date"):
        eastern("DTASOF", text)


BODY = (
    "<INVPOSLIST><POSSTOCK><INVPOS>" + secid() + "<HELDINACCT>MARGIN<POSTYPE>SHORT<UNITS>10<UNITPRICE>1,5<MKTVAL>15"
    "<DTPRICEASOF>20251231</INVPOS><MEMO></POSSTOCK></INVPOSLIST>"
)


def test_short_positions_are_negative_and_commas_are_points(tmp_path: Path) -> None:
    parsed = parse_body(
        tmp_path, BODY, "<STOCKINFO><SECINFO>" + secid() + "<SECNAME>AT&amp;T <b<TICKER>T</SECINFO></STOCKINFO>"
    )
    row = parsed.tables[Positions].row(0, named=True)
    assert [row[n] for n in ("held_qty", "price_ccy", "value_ccy")] == [Decimal(-10), Decimal("1.5"), Decimal(-15)]
    assert (row["sub_account"], row["symbol"], row["description"]) == ("margin", "T", "AT&T <b")


@pytest.mark.parametrize(
    "header",
    [
        HEADER,
        HEADER.replace("\n", "\r\n"),
        HEADER.replace("\n", " "),
        "",
        '<?xml version="1.0"?>\n<?OFX OFXHEADER="200" VERSION="211"?>\n',
    ],
)
@pytest.mark.parametrize("separator", ["", "\n", "\r\n\t "])
def test_white_space_and_headers_do_not_matter(tmp_path: Path, header: str, separator: str) -> None:
    text = header + statement(BODY).replace("<", separator + "<")
    parsed = parse_bytes(tmp_path, text.encode())
    assert parsed.tables[Positions]["held_qty"].to_list() == [Decimal(-10)]
    assert (parsed.row_count, parsed.structural_count) == (2, 1)


def test_closed_leaves_comments_and_cdata(tmp_path: Path) -> None:
    body = (
        "<INVPOSLIST><!-- <POSMF> --><POSMF><INVPOS>"
        + secid("F<1".replace("<", "&lt;"), "OTHER")
        + "<UNITS>1</UNITS><MEMO/></INVPOS></POSMF></INVPOSLIST>"
    )
    info = "<MFINFO><SECINFO>" + secid("F&lt;1", "OTHER") + "<SECNAME><![CDATA[A & B]]></SECNAME></SECINFO></MFINFO>"
    parsed = parse_body(tmp_path, body, info)
    assert parsed.tables[Positions].select("native_id", "description").rows() == [("F<1", "A & B")]


def test_text_in_1252(tmp_path: Path) -> None:
    info = "<MFINFO><SECINFO>" + secid() + "<SECNAME>Société</SECINFO></MFINFO>"
    for encoding, told in (("cp1252", "cp1252"), ("utf-8", "utf-8")):
        parsed = parse_bytes(tmp_path, (HEADER + statement("", info)).encode(encoding))
        assert parsed.encoding == told
        assert parsed.tables[SecurityTexts]["description"].to_list() == ["Société"]


def invtran(body: str = "") -> str:
    return f"<INVTRAN><FITID>A-1/77<DTTRADE>20251230<MEMO>for Somebody</INVTRAN>{body}"


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (f"<BUYSTOCK><INVBUY>{invtran(secid())}<UNITS>2<UNITPRICE>5<COMMISSION>1<FEES>0.5<TOTAL>-11.5</INVBUY><BUYTYPE>BUY</BUYSTOCK>", ("buy", "BUYSTOCK BUY", "2", "1.5", "-11.5")),
        (f"<BUYSTOCK><INVBUY>{invtran(secid())}<UNITS>2<TOTAL>-10</INVBUY><BUYTYPE>BUYTOCOVER</BUYSTOCK>", ("buy_to_close", "BUYSTOCK BUYTOCOVER", "2", None, "-10")),
        (f"<SELLMF><INVSELL>{invtran(secid())}<UNITS>-2<TOTAL>10</INVSELL><SELLTYPE>SELL</SELLMF>", ("sell", "SELLMF SELL", "-2", None, "10")),
        (f"<SELLSTOCK><INVSELL>{invtran(secid())}<UNITS>2<TOTAL>10</INVSELL><SELLTYPE>SELLSHORT</SELLSTOCK>", ("sell_to_open", "SELLSTOCK SELLSHORT", "-2", None, "10")),
        (f"<BUYOPT><INVBUY>{invtran(secid())}<UNITS>1<TOTAL>-9</INVBUY><OPTBUYTYPE>BUYTOOPEN<SHPERCTRCT>100</BUYOPT>", ("buy_to_open", "BUYOPT BUYTOOPEN", "1", None, "-9")),
        (f"<SELLOPT><INVSELL>{invtran(secid())}<UNITS>-1<TOTAL>9</INVSELL><OPTSELLTYPE>SELLTOCLOSE</SELLOPT>", ("sell_to_close", "SELLOPT SELLTOCLOSE", "-1", None, "9")),
        (f"<REINVEST>{invtran(secid())}<INCOMETYPE>DIV<TOTAL>-3<UNITS>0.5<UNITPRICE>6</REINVEST>", ("reinvest", "REINVEST DIV", "0.5", None, None)),
        (f"<INCOME>{invtran(secid())}<INCOMETYPE>CGLONG<TOTAL>3</INCOME>", ("capital_gain", "INCOME CGLONG", None, None, "3")),
        (f"<INCOME>{invtran(secid())}<INCOMETYPE>DIV<TOTAL>3</INCOME>", ("dividend", "INCOME DIV", None, None, "3")),
        (f"<TRANSFER>{invtran(secid())}<UNITS>4<TFERACTION>OUT<POSTYPE>LONG</TRANSFER>", ("transfer_out", "TRANSFER OUT", "-4", None, None)),
        ("<INVBANKTRAN><STMTTRN><TRNTYPE>DEP<DTPOSTED>20251230<TRNAMT>50<FITID>9<NAME>Somebody</STMTTRN><SUBACCTFUND>CASH</INVBANKTRAN>", ("deposit", "INVBANKTRAN DEP", None, None, "50")),
        ("<INVBANKTRAN><STMTTRN><TRNTYPE>XFER<DTPOSTED>20251230<TRNAMT>-50<FITID>9</STMTTRN></INVBANKTRAN>", ("transfer_out", "INVBANKTRAN XFER", None, None, "-50")),
        (f"<INVEXPENSE>{invtran(secid())}<TOTAL>-2</INVEXPENSE>", ("fee", "INVEXPENSE", None, None, "-2")),
        (f"<SPLIT>{invtran(secid())}<OLDUNITS>10<NEWUNITS>25<NUMERATOR>5<DENOMINATOR>2<FRACCASH>1</SPLIT>", ("split", "SPLIT", "15", None, "1")),
        (f"<RETOFCAP>{invtran(secid())}<TOTAL>7</RETOFCAP>", ("return_of_capital", "RETOFCAP", None, None, "7")),
        (f"<JRNLFUND>{invtran()}<SUBACCTTO>CASH<SUBACCTFROM>MARGIN<TOTAL>7</JRNLFUND>", ("journal", "JRNLFUND", None, None, None)),
        (f"<JRNLSEC>{invtran(secid())}<SUBACCTTO>CASH<SUBACCTFROM>MARGIN<UNITS>7</JRNLSEC>", ("journal", "JRNLSEC", None, None, None)),
        (f"<CLOSUREOPT>{invtran(secid())}<OPTACTION>EXPIRE<UNITS>-1</CLOSUREOPT>", ("expired", "CLOSUREOPT EXPIRE", "-1", None, None)),
        (f"<CLOSUREOPT>{invtran(secid())}<OPTACTION>ASSIGN<UNITS>1</CLOSUREOPT>", ("exercise", "CLOSUREOPT ASSIGN", "1", None, None)),
        (f"<MARGININTEREST>{invtran()}<TOTAL>-4</MARGININTEREST>", ("interest", "MARGININTEREST", None, None, "-4")),
    ],
)  # fmt: skip
def test_every_kind_of_transaction(tmp_path: Path, record: str, expected: tuple[str | None, ...]) -> None:
    parsed = parse_body(tmp_path, f"<INVTRANLIST><DTSTART>20251201<DTEND>20251231{record}</INVTRANLIST>")
    row = parsed.tables[Transactions].row(0, named=True)
    numbers = [None if text is None else Decimal(text) for text in expected[2:]]
    assert (row["transaction_type"], row["raw_action"]) == expected[:2]
    assert [row["traded_qty"], row["fees_ccy"], row["net_cash_ccy"]] == numbers
    assert row["trade_date"] == dt.date(2025, 12, 30)
    assert "Somebody" not in parsed.tables[Transactions].write_csv()


def test_balances_by_bucket(tmp_path: Path) -> None:
    parsed = parse_body(
        tmp_path,
        "<INVBAL><AVAILCASH>5<MARGINBALANCE>-3<SHORTBALANCE>0</INVBAL><INV401KBAL><CASHBAL>9<TOTAL>20</INV401KBAL>",
    )
    assert parsed.tables[CashBalances].select("bucket", "amount_ccy").rows() == [
        ("core", Decimal(5)),
        ("margin", Decimal(-3)),
    ]
    assert parsed.tables[ControlTotals]["stated"].to_list() == [Decimal(20)]
    alone = parse_body(tmp_path, "<INV401KBAL><CASHBAL>9<TOTAL>20</INV401KBAL>")
    assert alone.tables[CashBalances].select("bucket", "amount_ccy").rows() == [("core", Decimal(9))]


def test_bonds_are_priced_per_hundred(tmp_path: Path) -> None:
    parsed = parse_body(
        tmp_path,
        "<INVPOSLIST><POSDEBT><INVPOS>"
        + secid()
        + "<UNITS>1000<UNITPRICE>98<MKTVAL>980</INVPOS></POSDEBT></INVPOSLIST>",
    )
    assert parsed.tables[Positions]["asset_type"].to_list() == ["bond"]
    assert parsed.notes == ("1 bond positions: price per hundred of face value",)


def test_several_statements_each_with_account_and_day(tmp_path: Path) -> None:
    text = HEADER + statement(BODY) + statement(BODY, account="B-2", date="20251230")
    parsed = parse_bytes(tmp_path, text.encode())
    assert parsed.tables[Positions].select("source_account", "as_of_date").rows() == [
        ("A-1", dt.date(2025, 12, 31)),
        ("B-2", dt.date(2025, 12, 30)),
    ]
    assert (parsed.as_of_date, parsed.subject) == (None, "")


def test_a_statement_that_names_its_account_last(tmp_path: Path) -> None:
    head = "<DTASOF>20251231<CURDEF>USD<INVACCTFROM><BROKERID>x<ACCTID>A-1</INVACCTFROM>"
    text = HEADER + statement("").replace(head, BODY + head)
    assert parse_bytes(tmp_path, text.encode()).tables[Positions]["source_account"].to_list() == ["A-1"]


def test_bank_statements_are_kept(tmp_path: Path) -> None:
    bank = (
        "<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD<BANKACCTFROM><BANKID>1<ACCTID>2</BANKACCTFROM><BANKTRANLIST>"
        "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20251230<TRNAMT>-1<FITID>5<NAME>Somebody<MEMO>rent</STMTTRN></BANKTRANLIST>"
        "<LEDGERBAL><BALAMT>10<DTASOF>20251231</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    )
    parsed = parse_bytes(tmp_path, (HEADER + bank).encode())
    assert (parsed.row_count, parsed.structural_count) == (3, 1)
    assert parsed.tables[OtherRows].select("section", "payload_json").rows() == [
        ("STMTTRN", '{"TRNTYPE": "DEBIT", "DTPOSTED": "20251230", "TRNAMT": "-1", "FITID": "5"}'),
        ("LEDGERBAL", '{"BALAMT": "10", "DTASOF": "20251231"}'),
    ]


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("<UNITS>10", "<UNITS>1.0.0", "UNITS"),
        ("<UNITS>10", "", "UNITS"),
        ("<MKTVAL>15", "<MKTVAL>n/a", "MKTVAL"),
        ("<DTPRICEASOF>20251231", "<DTPRICEASOF>2025", "DTPRICEASOF"),
        ("<UNIQUEID>037833100", "", "UNIQUEID"),
    ],
)
def test_a_bad_field_rejects_its_record_alone(tmp_path: Path, old: str, new: str, column: str) -> None:
    good = BODY.removeprefix("<INVPOSLIST>").removesuffix("</INVPOSLIST>")
    parsed = parse_body(tmp_path, f"<INVPOSLIST>{good.replace(old, new)}{good}</INVPOSLIST>")
    assert [(reject.row_no, reject.column_name) for reject in parsed.rejects] == [(2, column)]
    assert parsed.tables[Positions]["row_no"].to_list() == [3]


def test_a_statement_without_date_rejects_its_rows(tmp_path: Path) -> None:
    parsed = parse_bytes(tmp_path, (HEADER + statement(BODY).replace("<DTASOF>20251231", "")).encode())
    assert [reject.column_name for reject in parsed.rejects] == ["DTASOF"]
    assert parsed.as_of_date is None


def test_whole_files_that_stop(tmp_path: Path, shared: Path) -> None:
    sample = (shared / "samples/tiaa/tiaacref.ofx").read_bytes()
    assert stop(tmp_path, b"").check is Check.FILE_EMPTY
    assert stop(tmp_path, b"\r\n ").check is Check.FILE_EMPTY
    assert stop(tmp_path, sample[: len(sample) // 2]).check is Check.FILE_TRUNCATED
    assert stop(tmp_path, HEADER.encode()).check is Check.FILE_TRUNCATED
    assert stop(tmp_path, b"<FlexQueryResponse/>").check is Check.FILE_OTHER_LAYOUT
    assert stop(tmp_path, sample.replace(b"</INVPOSLIST>", b"")).check is Check.FILE_UNREADABLE
    assert stop(tmp_path, sample.replace(b"</SECID>", b"", 1)).check is Check.FILE_UNREADABLE
    error = "<OFX><INVSTMTMSGSRSV1><INVSTMTTRNRS><STATUS><CODE>15500<SEVERITY>ERROR</STATUS></INVSTMTTRNRS></INVSTMTMSGSRSV1></OFX>"
    refused = stop(tmp_path, (HEADER + error).encode())
    assert refused.check is Check.FILE_UNREADABLE
    assert "15500" in refused.message


def test_ids_with_the_account_inside_are_masked(tmp_path: Path) -> None:
    text = HEADER + statement(
        f"<INVTRANLIST><INCOME><INVTRAN><FITID>2025.U489357.7<DTTRADE>20251230</INVTRAN>{secid()}<TOTAL>1</INCOME></INVTRANLIST>",
        account="U489357",
    )
    frame = parse_bytes(tmp_path, text.encode()).tables[Transactions]
    assert frame["source_transaction_id"].to_list() == ["2025.…9357.7"]
    assert frame.filter(pl.col("source_account") == "U489357").height == 1
