"""Mapped feeds: known answers for every option of a map, exact row numbers, and what happens to damaged files."""

# ruff: noqa: E501

import datetime as dt
import hashlib
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from data_contracts.cash_balances import CashBalances
from data_contracts.control_totals import ControlTotals
from data_contracts.indicators import Indicators
from data_contracts.open_orders import OpenOrders
from data_contracts.parsed import parsed_schema
from data_contracts.positions import Positions
from data_contracts.prices import Prices
from data_contracts.tax_lots import TaxLots
from data_contracts.transactions import Transactions
from data_contracts.vocab import Check
from evenkeel.adapters.custodians import mapped, mapped_rows
from evenkeel.adapters.custodians.feed_map import parse_map, read_map
from evenkeel.adapters.custodians.mapped import MappedFeed
from evenkeel.errors import BookError, FileStopped
from evenkeel.ports import ParsedFile, RawFile

POSITIONS: dict[str, Any] = {
    "kind": "positions",
    "columns": {
        "source_account": "Account",
        "symbol": ["Ticker", "Symbol"],
        "held_qty": "Units",
        "value_ccy": "Value",
    },
    "constants": {"currency": "USD"},
    "dates": "%m/%d/%Y",
    "as_of": {"column": "Date"},
}
HEADER = "Account,Symbol,Units,Value,Date\n"


def parse(path: Path, **changes: Any) -> ParsedFile:
    raw = path.read_bytes()
    feed = MappedFeed(parse_map(POSITIONS | changes, "map.yaml"))
    return feed.parse(RawFile(hashlib.sha256(raw).hexdigest(), path.name, path, len(raw)))


def parse_text(tmp_path: Path, text: str | bytes, name: str = "positions.csv", **changes: Any) -> ParsedFile:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return parse(path, **changes)


def stop(tmp_path: Path, text: str | bytes, **changes: Any) -> FileStopped:
    with pytest.raises(FileStopped) as caught:
        parse_text(tmp_path, text, **changes)
    return caught.value


def rejects(parsed: ParsedFile) -> list[tuple[int, str | None]]:
    return [(reject.row_no, reject.column_name) for reject in parsed.rejects]


def test_rows_carry_their_line_numbers(tmp_path: Path) -> None:
    parsed = parse_text(
        tmp_path,
        "Positions of the firm\n\n" + HEADER + "A1,VTI,10,2500.50,12/31/2025\n\nA2,BND,-1.25,-90,12/31/2025",
    )
    frame = parsed.tables[Positions]
    assert frame.schema == parsed_schema(Positions)
    assert frame.select(
        "row_no", "source_account", "symbol", "held_qty", "value_ccy", "as_of_date", "sub_account"
    ).rows() == [
        (4, "A1", "VTI", Decimal(10), Decimal("2500.5"), dt.date(2025, 12, 31), "cash"),
        (6, "A2", "BND", Decimal("-1.25"), Decimal(-90), dt.date(2025, 12, 31), "cash"),
    ]
    assert (parsed.row_count, parsed.structural_count, parsed.as_of_date) == (6, 4, dt.date(2025, 12, 31))
    assert (parsed.layout, parsed.generation) == ("mapped", "positions_csv")


def test_bad_rows_are_told_apart(tmp_path: Path) -> None:
    parsed = parse_text(
        tmp_path,
        HEADER
        + "A1,VTI,ten,1,12/31/2025\nA1,VTI,1,1,31/12/2025\n,VTI,1,1,12/31/2025\nA1,VTI,1\nA1,VTI,1,1,12/31/2025,7\n"
        + 'A1,"VTI,1,1,12/31/2025\nA1,VTI,1,1,\nA1,VTI,1,1,12/31/2025\nA1,VT',
    )
    assert rejects(parsed) == [
        (2, "held_qty"),
        (3, "as_of_date"),
        (4, "source_account"),
        (5, None),
        (6, None),
        (7, None),
        (8, "as_of_date"),
        (10, None),
    ]
    assert parsed.rejects[0].reason == "held_qty: not a number"
    assert parsed.rejects[0].raw_text == "A1,VTI,ten,1,12/31/2025"
    assert parsed.rejects[3].reason == "3 cells where the header has 5; the line may be cut off"
    assert parsed.tables[Positions]["row_no"].to_list() == [9]
    assert parsed.row_count == parsed.structural_count + len(parsed.rejects) + 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,234.50", "1234.5"),
        ("$1,234.50", "1234.5"),
        ("($12)", "-12"),
        ("- 12", "-12"),
        ("12-", "-12"),
        ("+3", "3"),
        ("1e-7", "0.0000001"),
        (" 7 ", "7"),
        ("n/a", None),
        ("0.1234567890123456", "0.123456789012346"),
    ],
)
def test_numbers(tmp_path: Path, text: str, expected: str | None) -> None:
    line = f'A1,VTI,"{text}",1,12/31/2025\n'
    parsed = parse_text(tmp_path, HEADER + line, thousands=",", null_values=["n/a"])
    assert parsed.tables[Positions]["held_qty"].to_list() == [None if expected is None else Decimal(expected)]


def test_continental_numbers_and_delimiter(tmp_path: Path) -> None:
    text = HEADER.replace(",", ";") + "A1;VTI;1.234,5;0,25;12/31/2025\nA1;VTI;1,2,3;1;12/31/2025\n"
    parsed = parse_text(tmp_path, text, delimiter=";", decimal=",", thousands=".")
    assert parsed.tables[Positions].select("held_qty", "value_ccy").rows() == [(Decimal("1234.5"), Decimal("0.25"))]
    assert rejects(parsed) == [(3, "held_qty")]


def test_sign_by_another_column(tmp_path: Path) -> None:
    sign = {"held_qty": {"column": "Side", "negative": ["S", "Short"]}, "value_ccy": "negate"}
    text = "Side," + HEADER + "L,A,X,1,2,12/31/2025\nS,A,X,1,2,12/31/2025\nShort,A,X,-1,2,12/31/2025\n"
    frame = parse_text(tmp_path, text, sign=sign).tables[Positions]
    assert frame.select("held_qty", "value_ccy").rows() == [(Decimal(n), Decimal(-2)) for n in (1, -1, -1)]


def test_rows_left_out_are_structural(tmp_path: Path) -> None:
    text = HEADER + "A,X,1,2,12/31/2025\nTotal,,,2,\n,,,,\n"
    parsed = parse_text(tmp_path, text, skip_rows_where={"Account": ["Total", "Grand total"]})
    assert (parsed.row_count, parsed.structural_count, len(parsed.rejects)) == (4, 3, 0)


def test_date_from_the_files_name(tmp_path: Path) -> None:
    as_of = {"as_of": {"file_name": r"_(\d{8})\."}, "dates": {"as_of_date": "%Y%m%d"}}
    parsed = parse_text(tmp_path, HEADER + "A,X,1,2,\n", "pos_20251231.csv", **as_of)
    assert parsed.as_of_date == dt.date(2025, 12, 31)
    assert parsed.tables[Positions]["as_of_date"].to_list() == [dt.date(2025, 12, 31)]
    assert stop(tmp_path, HEADER + "A,X,1,2,\n", **as_of).check is Check.NO_AS_OF_DATE


def test_several_dates_are_no_date_of_the_file(tmp_path: Path) -> None:
    assert parse_text(tmp_path, HEADER + "A,X,1,2,12/31/2025\nA,X,1,2,12/30/2025\n").as_of_date is None


def test_codes(tmp_path: Path) -> None:
    columns = POSITIONS["columns"] | {"sub_account": "Type", "asset_type": "Class"}
    text = (
        "Type,Class,"
        + HEADER
        + "1,Mutual Fund,A,X,1,2,12/31/2025\nMargin,Thing,A,X,1,2,12/31/2025\n9,,A,X,1,2,12/31/2025\n"
    )
    parsed = parse_text(tmp_path, text, columns=columns, values={"sub_account": {"1": "cash"}})
    assert parsed.tables[Positions].select("sub_account", "asset_type").rows() == [
        ("cash", "mutual_fund"),
        ("margin", None),
    ]
    assert rejects(parsed) == [(4, "sub_account")]
    assert parsed.notes == ("asset_type: 1 rows hold a word that the map's values do not name; left empty",)


def test_bytes_that_are_not_text(tmp_path: Path) -> None:
    text = HEADER.encode() + b"A,X\xff,1,2,12/31/2025\nA,Caf\xc3\xa9,1,2,12/31/2025\n"
    parsed = parse_text(tmp_path, b"\xef\xbb\xbf" + text)
    assert rejects(parsed) == [(2, None)]
    assert parsed.tables[Positions].select("row_no", "symbol").rows() == [(3, "Café")]
    assert (
        parse_text(tmp_path, text.replace(b"\xc3\xa9", b"\xe9"), encoding="cp1252").tables[Positions]["symbol"][1]
        == "Café"
    )


def test_quoted_line_ends(tmp_path: Path) -> None:
    text = HEADER + 'A,"X\nY",1,2,12/31/2025\nA,"Z ""q"", r",1,2,12/31/2025\nA,W,1,2,12/31/2025\n'
    parsed = parse_text(tmp_path, text, quoted_newlines=True)
    assert parsed.tables[Positions].select("row_no", "symbol").rows() == [(2, "X\nY"), (3, 'Z "q", r'), (4, "W")]
    assert parsed.row_count == 4
    assert [row_no for row_no, _ in rejects(parse_text(tmp_path, text))] == [2, 3]


@pytest.mark.parametrize("quoted_newlines", [False, True])
def test_blocks_make_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quoted_newlines: bool) -> None:
    chance = random.Random(7)
    lines = []
    for number in range(500):
        symbol = chance.choice(["VTI", '"A, B"', '"two\nlines"' if quoted_newlines else "one", "ragged,,", ""])
        lines.append(f"A{number},{symbol},{chance.choice(['1', 'x'])},2,12/31/2025")
    text = HEADER + "\n".join(lines)
    whole = parse_text(tmp_path, text, quoted_newlines=quoted_newlines)
    for size in (7, 100, 4096):
        monkeypatch.setattr(mapped_rows, "BLOCK_BYTES", size)
        parts = parse_text(tmp_path, text, quoted_newlines=quoted_newlines)
        assert parts.tables[Positions].equals(whole.tables[Positions])
        assert parts.rejects == whole.rejects
        assert (parts.row_count, parts.structural_count) == (whole.row_count, whole.structural_count)
    assert whole.row_count == 501


def test_columns_that_are_missing(tmp_path: Path) -> None:
    refused = stop(
        tmp_path, "Title\n" + HEADER.replace("Units", "Shares").replace("Symbol", "Sym") + "A,X,1,2,12/31/2025\n"
    )
    assert refused.check is Check.FILE_COLUMNS
    assert refused.message.startswith("line 2 lacks Ticker or Symbol, Units;")
    assert stop(tmp_path, "Run Date,Action\n1,2\n").check is Check.FILE_OTHER_LAYOUT
    assert stop(tmp_path, "").check is Check.FILE_EMPTY
    assert stop(tmp_path, "\n \n").check is Check.FILE_EMPTY


def test_a_header_alone_is_a_file_without_rows(tmp_path: Path) -> None:
    parsed = parse_text(tmp_path, HEADER)
    assert (parsed.row_count, parsed.structural_count) == (1, 1)
    # Its table is there and empty: the kind has come.
    assert [frame.height for frame in parsed.tables.values()] == [0]


def test_a_file_of_nothing_but_bad_rows_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapped, "MOST_REJECTS", 10)
    refused = stop(tmp_path, HEADER + "A,X,one,2,12/31/2025\n" * 11)
    assert refused.check is Check.FILE_REJECT_SHARE
    assert refused.row_no == 2


def test_too_large_is_refused_unread(tmp_path: Path) -> None:
    with pytest.raises(FileStopped) as caught:
        MappedFeed(parse_map(POSITIONS, "m")).parse(RawFile("x", "big.csv", tmp_path / "absent.csv", 2**31 + 1))
    assert caught.value.check is Check.FILE_TOO_LARGE


class TestParquet:
    FRAME = pl.DataFrame(
        {
            "Account": ["A1", "A1", None],
            "Symbol": ["VTI", "BND", "X"],
            "Units": [0.1, 12345.678, float("nan")],
            "Value": [1, 2, 3],
            "Date": [dt.date(2025, 12, 31)] * 3,
        },
        schema_overrides={"Symbol": pl.Categorical},
    )

    def test_reads_types_as_they_are(self, tmp_path: Path) -> None:
        path = tmp_path / "p.parquet"
        self.FRAME.write_parquet(path)
        parsed = parse(path, format="parquet")
        assert parsed.tables[Positions].select("row_no", "symbol", "held_qty", "value_ccy", "as_of_date").rows() == [
            (1, "VTI", Decimal("0.1"), Decimal(1), dt.date(2025, 12, 31)),
            (2, "BND", Decimal("12345.678"), Decimal(2), dt.date(2025, 12, 31)),
        ]
        assert rejects(parsed) == [(3, "source_account")]
        assert '"Symbol":"X"' in parsed.rejects[0].raw_text or '"Ticker":"X"' in parsed.rejects[0].raw_text
        assert (parsed.row_count, parsed.structural_count, parsed.as_of_date) == (3, 0, dt.date(2025, 12, 31))

    def test_blocks_make_no_difference(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "p.parquet"
        pl.concat([self.FRAME] * 20).write_parquet(path, row_group_size=7)
        whole = parse(path, format="parquet")
        monkeypatch.setattr(mapped_rows, "BLOCK_ROWS", 3)
        parts = parse(path, format="parquet")
        assert parts.tables[Positions].equals(whole.tables[Positions])
        assert parts.rejects == whole.rejects

    def test_whole_files_that_stop(self, tmp_path: Path) -> None:
        path = tmp_path / "p.parquet"
        self.FRAME.write_parquet(path)
        raw = path.read_bytes()
        assert stop(tmp_path, b"", format="parquet").check is Check.FILE_EMPTY
        assert stop(tmp_path, HEADER, format="parquet").check is Check.FILE_OTHER_LAYOUT
        assert stop(tmp_path, raw[:-9], format="parquet").check is Check.FILE_TRUNCATED
        assert stop(tmp_path, raw[:40] + raw[60:], format="parquet").check is Check.FILE_UNREADABLE
        self.FRAME.rename({"Units": "Shares"}).write_parquet(path)
        with pytest.raises(FileStopped, match="columns missing: Units"):
            parse(path, format="parquet")


OTHER_KINDS: list[tuple[dict[str, Any], str, Any, dict[str, Any]]] = [
    (
        {"kind": "cash", "columns": {"source_account": "Acct", "amount_ccy": "Cash"}, "constants": {"currency": "USD"}, "as_of": {"column": "Date"}},
        "Acct,Cash,Date\nA,-1.5,2025-12-31\n",
        CashBalances,
        {"bucket": "core", "amount_ccy": Decimal("-1.5")},
    ),
    (
        {
            "kind": "lots",
            "columns": {"source_account": "Acct", "symbol": "S", "held_qty": "Q", "is_covered": "Cov", "opened_date": "Open"},
            "constants": {"currency": "USD"},
            "values": {"is_covered": {"C": "true", "U": "false"}},
            "as_of": {"column": "Date"},
        },
        "Acct,S,Q,Cov,Open,Date\nA,VTI,3,U,2020-01-02,2025-12-31\n",
        TaxLots,
        {"is_covered": False, "opened_date": dt.date(2020, 1, 2), "held_qty": Decimal(3)},
    ),
    (
        {
            "kind": "transactions",
            "columns": {"source_account": "Acct", "transaction_type": "Act", "trade_date": "T", "net_cash_ccy": "Net"},
            "constants": {"currency": "USD"},
            "values": {"transaction_type": {"Bought": "buy"}},
            "dates": {"trade_date": "%d.%m.%Y %H:%M"},
            "as_of": {"column": "Date"},
        },
        "Acct,Act,T,Net,Date\nA,Bought,31.12.2025 15:59,-5,2025-12-31\n",
        Transactions,
        {"transaction_type": "buy", "raw_action": "Bought", "trade_date": dt.date(2025, 12, 31), "net_cash_ccy": Decimal(-5)},
    ),
    (
        {"kind": "prices", "columns": {"symbol": "S", "price_ccy": "P"}, "constants": {"currency": "USD", "price_kind": "close"}, "as_of": {"column": "Date"}},
        "S,P,Date\nVTI,250.1,2025-12-31\n",
        Prices,
        {"price_date": dt.date(2025, 12, 31), "price_kind": "close", "price_ccy": Decimal("250.1")},
    ),
    (
        {
            "kind": "orders",
            "columns": {"source_account": "A", "order_id": "Id", "side": "Side", "state": "State", "placed_date": "D", "order_qty": "Q", "symbol": "S"},
            "constants": {"currency": "USD"},
            "values": {"side": {"B": "buy"}, "state": {"New": "sent"}},
        },
        "A,Id,Side,State,D,Q,S\nA1,77,B,New,2025-12-31,5,VTI\n",
        OpenOrders,
        {"order_id": "77", "side": "buy", "state": "sent", "placed_date": dt.date(2025, 12, 31)},
    ),
    (
        {"kind": "indicators", "columns": {"reading": "CLOSE", "indicator_date": "DATE"}, "constants": {"indicator": "VIX"}},
        "DATE,CLOSE\n2025-12-31,14.95\n",
        Indicators,
        {"indicator": "VIX", "reading": Decimal("14.95"), "indicator_date": dt.date(2025, 12, 31)},
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "text", "contract", "expected"), OTHER_KINDS, ids=[case[0]["kind"] for case in OTHER_KINDS]
)
def test_other_kinds(tmp_path: Path, data: dict[str, Any], text: str, contract: Any, expected: dict[str, Any]) -> None:
    path = tmp_path / "file.csv"
    path.write_text(text)
    feed = MappedFeed(parse_map(data, "map.yaml"))
    assert feed.fills == {contract}
    parsed = feed.parse(RawFile("x", path.name, path, path.stat().st_size))
    frame = parsed.tables[contract]
    assert frame.schema == parsed_schema(contract)
    assert {name: frame[name][0] for name in expected} == expected


def test_every_problem_of_a_map_is_listed() -> None:
    with pytest.raises(BookError) as caught:
        parse_map(
            {
                "kind": "positions",
                "format": "xlsx",
                "columns": {"held_qty": "Units", "shares": "Units", "sub_account": ""},
                "constants": {"asset_type": "bonds", "price_ccy": "ten"},
                "values": {"sub_account": {"1": "Cash"}},
                "dates": "mm/dd/yyyy",
                "sign": {"symbol": "negate"},
                "thousands": ".",
                "as_of": {"file_name": r"\d+"},
                "colour": "red",
            },
            "feeds/custodian.yaml",
        )
    text = "\n".join(caught.value.problems)
    for part in (
        "format",
        "colour",
        "columns.shares: no column of positions",
        "columns.sub_account: give the source's header",
        "constants.asset_type: bonds is no code",
        "constants.price_ccy: not a number",
        "values.sub_account: Cash is no code",
        "dates: 'mm/dd/yyyy' lacks %-fields",
        "sign.symbol: not a number column",
        "thousands: the same sign as decimal",
        "as_of.file_name: put one group",
        "source_account: required and not mapped; add columns.source_account or constants.source_account",
        "currency: required and not mapped",
    ):
        assert part in text, part
    assert all(problem.startswith("feeds/custodian.yaml: ") for problem in caught.value.problems)


def test_maps_are_read_from_yaml(tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    path.write_text("kind: indicators\ncolumns: {reading: CLOSE, indicator_date: DATE}\nconstants: {indicator: VIX}\n")
    assert read_map(path).contract is Indicators
    path.write_text("kind: [")
    with pytest.raises(BookError, match="not YAML"):
        read_map(path)
    with pytest.raises(BookError, match="cannot be read"):
        read_map(tmp_path / "absent.yaml")
    path.write_text("- a list")
    with pytest.raises(BookError, match="not a mapping"):
        read_map(path)


def test_recognises_by_its_columns() -> None:
    feed = MappedFeed(parse_map(POSITIONS, "m"))
    assert feed.recognises("any.txt", b"title\n" + HEADER.encode())
    assert not feed.recognises("positions.csv", b"Account,Symbol\n")
    assert MappedFeed(parse_map(POSITIONS | {"format": "parquet"}, "m")).recognises("any", b"PAR1....")


def test_the_documented_example(tmp_path: Path) -> None:
    """The worked example of docs/mapped-feeds.md gives what the page says."""
    page = (Path(__file__).parents[2] / "docs/mapped-feeds.md").read_text()
    blocks = page.split("```")
    yaml_text = next(block for block in blocks if block.startswith("yaml\n")).removeprefix("yaml\n")
    csv_text = next(block for block in blocks if block.startswith("text\n")).removeprefix("text\n")
    (tmp_path / "map.yaml").write_text(yaml_text)
    path = tmp_path / "HOLDINGS_20251231.txt"
    path.write_text(csv_text)
    parsed = MappedFeed(read_map(tmp_path / "map.yaml")).parse(RawFile("x", path.name, path, path.stat().st_size))
    assert parsed.tables[Positions].select(
        "row_no", "source_account", "symbol", "held_qty", "value_ccy", "asset_type"
    ).rows() == [
        (4, "77-1001", "VTI", Decimal(120), Decimal("39480.00"), "etf"),
        (5, "77-1001", "XYZ", Decimal(-50), Decimal("-1250.5"), "stock"),
    ]
    assert rejects(parsed) == [(6, "held_qty")]
    assert (parsed.row_count, parsed.structural_count, parsed.as_of_date) == (7, 4, dt.date(2025, 12, 31))


TRAILER = {"marker": "TRAILER", "rows": 2, "qty": 3, "amount": 4}
ROW = "A1,VTI,10,2500.50,12/31/2025\n"


def stated(parsed: ParsedFile) -> list[tuple[int, str, str | None, Decimal]]:
    return parsed.tables[ControlTotals].select("row_no", "total_kind", "currency", "stated").rows()


def test_a_trailer_states_what_was_sent(tmp_path: Path) -> None:
    parsed = parse_text(tmp_path, HEADER + ROW + "A2,BND,x,1,12/31/2025\nTRAILER,2,10,2501.50\n\n", trailer=TRAILER)
    assert stated(parsed) == [
        (4, "row_count", None, Decimal(2)),
        (4, "qty_sum", None, Decimal(10)),
        (4, "amount_sum", "USD", Decimal("2501.5")),
    ]
    assert parsed.tables[ControlTotals].schema == parsed_schema(ControlTotals)
    assert parsed.tables[ControlTotals]["source_account"].null_count() == 3
    # The line is structural, as are the header and the blank line behind it; the rejected row is a data row.
    assert (parsed.row_count, parsed.structural_count, len(parsed.rejects)) == (5, 3, 1)
    assert parsed.tables[Positions]["row_no"].to_list() == [2]


def test_a_trailer_may_state_the_count_alone(tmp_path: Path) -> None:
    text = HEADER.replace(",", "|") + ROW.replace(",", "|") + '"TRAILER"|"1,001"'
    parsed = parse_text(
        tmp_path, text, delimiter="|", thousands=",", trailer={"marker": "TRAILER", "rows": 2}, quoted_newlines=True
    )
    assert stated(parsed) == [(3, "row_count", None, Decimal(1001))]


def test_a_table_without_rows_has_its_trailer(tmp_path: Path) -> None:
    parsed = parse_text(tmp_path, HEADER + "TRAILER,0,0,0", trailer=TRAILER)
    assert [row[3] for row in stated(parsed)] == [0, 0, 0]
    assert parsed.tables[Positions].is_empty()
    assert (parsed.row_count, parsed.structural_count) == (2, 2)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (HEADER + ROW + "A1,VT", None, "it ends before its own trailer"),
        (HEADER + ROW, None, "it ends before its own trailer"),
        (HEADER, None, "it ends before its own trailer"),
        (HEADER + ROW + "TRAILERS,1,10,1\n", None, "it ends before its own trailer"),
        (HEADER + ROW + "A1,TRAILER,1,1,12/31/2025\n", None, "it ends before its own trailer"),
        (HEADER + ROW + "TRAILER,1,10,2500.5\n" + ROW, 4, "rows stand behind its trailer"),
        (HEADER + ROW + "TRAILER,1,10,1\n\nTRAILER,1,10,1\n", 5, "rows stand behind its trailer"),
        (HEADER + ROW + "TRAILER,1,10", 3, "no figure in cell 4"),
        (HEADER + ROW + "TRAILER,x,10,1", 3, "no figure in cell 2"),
        (HEADER + ROW + "TRAILER", 3, "no figure in cell 2"),
    ],
)
def test_a_file_that_does_not_end_with_its_trailer_stops(
    tmp_path: Path, text: str, line: int | None, words: str
) -> None:
    stopped = stop(tmp_path, text, trailer=TRAILER)
    assert (stopped.check, stopped.row_no) == (Check.FILE_TRUNCATED, line)
    assert words in str(stopped)


def test_a_trailer_is_found_in_any_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = HEADER + ROW * 40 + "TRAILER,40,400,100020\n"
    whole = parse_text(tmp_path, text, trailer=TRAILER)
    monkeypatch.setattr(mapped_rows, "BLOCK_BYTES", 64)
    assert stated(parse_text(tmp_path, text, trailer=TRAILER)) == stated(whole)
    assert stop(tmp_path, text + "\n" * 100 + ROW, trailer=TRAILER).row_no == 143
    assert parse_text(tmp_path, text + "\n" * 100, trailer=TRAILER).structural_count == 102


def test_a_line_inside_a_quoted_cell_is_no_trailer(tmp_path: Path) -> None:
    text = HEADER + 'A1,"VTI\nTRAILER,1",10,1,12/31/2025\nTRAILER,1,10,1'
    parsed = parse_text(tmp_path, text, trailer=TRAILER, quoted_newlines=True)
    assert [row[3] for row in stated(parsed)] == [1, 10, 1]
    assert parsed.tables[Positions]["symbol"].to_list() == ["VTI\nTRAILER,1"]


def test_a_map_with_a_trailer_fills_control_totals() -> None:
    assert MappedFeed(parse_map(POSITIONS | {"trailer": TRAILER}, "m")).fills == {Positions, ControlTotals}
    assert MappedFeed(parse_map(POSITIONS, "m")).fills == {Positions}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"trailer": {"marker": "T", "rows": 1}}, "trailer.rows"),
        ({"trailer": {"rows": 2}}, "trailer.marker"),
        ({"trailer": {"marker": "T,1", "rows": 2}}, "the delimiter is in it"),
        ({"trailer": {"marker": "T", "rows": 2}, "format": "parquet"}, "a Parquet file has no lines"),
        ({"trailer": {"marker": "T", "rows": 2, "cost": 3}}, "trailer.cost"),
    ],
)
def test_mistakes_in_a_trailer(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(BookError, match=problem):
        parse_map(POSITIONS | changes, "map.yaml")


def test_a_trailer_states_only_sums_of_mapped_columns() -> None:
    columns = {name: header for name, header in POSITIONS["columns"].items() if name != "value_ccy"}
    with pytest.raises(BookError, match=r"trailer\.amount: the sum of value_ccy, which is not mapped"):
        parse_map(POSITIONS | {"columns": columns, "trailer": TRAILER}, "map.yaml")
    prices = {"kind": "prices", "columns": {"symbol": "T", "price_ccy": "P"}, "constants": {"currency": "USD"}}
    with pytest.raises(BookError, match=r"trailer\.qty: prices have no such sum"):
        parse_map(prices | {"as_of": {"file_name": r"_(\d{8})"}, "trailer": TRAILER}, "map.yaml")
