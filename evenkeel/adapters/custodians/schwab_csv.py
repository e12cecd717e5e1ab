"""Schwab's CSV exports: positions, lot details, transactions and realized gains, of every generation since 2020.

What a file says and where it goes:

* The account is the mask in the title or section line (`...234`, `XXXX-4321`); without one there, the mask in the file's name;
  without that, the title's label, and last the file's name without ending and date stamp: the alias table maps it to an account.
* `07/16/2021 as of 07/15/2021`: the first date is when the entry was posted, the second when it took effect. The second is the
  trade date; posting is not settlement, so the settlement date stays empty.
* A transaction's quantity carries no sign for purchases and sales; the action gives it. Other actions keep the file's sign.
* `Cash & Cash Investments` (no quantity) is cash in the core; money funds with a quantity are positions.
* Every section of positions and lots ends with a total; a file without its last one is cut off and is stopped.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from decimal import Decimal

import polars as pl

from data_contracts.cash_balances import CashBalances
from data_contracts.contract import Contract
from data_contracts.control_totals import ControlTotals
from data_contracts.positions import Positions
from data_contracts.realized_lots import RealizedLots
from data_contracts.tax_lots import TaxLots
from data_contracts.transactions import Transactions
from data_contracts.vocab import AssetType, CashBucket, Check, SubAccount, TotalKind
from evenkeel.adapters.custodians import cell_values, file_names, transaction_words
from evenkeel.adapters.custodians.csv_tables import Block, BlockCells, CsvReading, Header, check_header, match_header
from evenkeel.adapters.custodians.layouts_schwab import SCHWAB
from evenkeel.adapters.custodians.text_file import MAX_BYTES, decode, read_rows
from evenkeel.errors import FileStopped
from evenkeel.ports import ParsedFile, RawFile

LAYOUT = "schwab_csv"
CURRENCY = "USD"
CASH_LINE = "cash & cash investments"
CASH_LINES = (CASH_LINE, "futures cash")
TOTAL_LINES = ("account total", "positions total", "total", "totals", "transactions total")

_TITLE = re.compile(
    r"^\s*(?:positions for|transactions\s+for|realized gain/?loss|(?P<symbol>.+?)\s+lot details for)\b(?P<rest>.*)$", re.I
)
_ACCOUNT = re.compile(r"^\s*(?:for\s+)?(?:accounts?\s+)?(?P<label>.*?)\s*(?:\bfor\s+\d|\bas of\b|$)", re.I)
_AS_OF = re.compile(r"\bas of\b(.*)$", re.I)
_OPTION = re.compile(r"^\S+ \d{2}/\d{2}/\d{4} [\d.]+ [CP]$")
_EVERY_ACCOUNT = re.compile(r"^all[- ]accounts$", re.I)
_POSTED_AS_OF = re.compile(r"^.*?\bas of\b\s*(.+)$", re.I)

_ASSET_TYPES = (
    ("etf", AssetType.ETF),
    ("closed end", AssetType.ETF),
    ("mutual fund", AssetType.MUTUAL_FUND),
    ("option", AssetType.OPTION),
    ("future", AssetType.FUTURE),
    ("fixed income", AssetType.BOND),
    ("bond", AssetType.BOND),
    ("treasur", AssetType.BOND),
    ("cds", AssetType.BOND),
    ("cash", AssetType.MONEY_MARKET),
    ("money market", AssetType.MONEY_MARKET),
    ("equit", AssetType.STOCK),
    ("stock", AssetType.STOCK),
)


class SchwabCsv:
    """Reads Schwab's CSV files; the header tells which kind and generation a file is of."""

    layout = LAYOUT
    fills: frozenset[type[Contract]] = frozenset(
        {Positions, CashBalances, TaxLots, Transactions, RealizedLots, ControlTotals}
    )
    max_bytes = MAX_BYTES

    def recognises(self, file_name: str, head: bytes) -> bool:
        """Tell from the head whether a header of Schwab's is in it."""
        try:
            text, _ = decode(head, is_head=True)
        except FileStopped:
            return False
        is_titled = False
        for cells in read_rows(text).cells:
            is_titled = is_titled or _is_title(cells)
            if match_header(cells, SCHWAB, is_titled=is_titled) is not None:
                return True
        return False

    def parse(self, file: RawFile) -> ParsedFile:
        """Read a file. Accounts are as the file has them; rows that cannot be read are rejects.

        Raises:
            FileStopped: Empty, not text, cut off, without a header of Schwab's, or with a needed column missing.
        """
        walk = _Walk(CsvReading(file))
        walk.run()
        return walk.result()


def _is_title(cells: list[str]) -> bool:
    return bool(cells) and _TITLE.match(cells[0]) is not None


@dataclass
class _Walk:
    """One pass over the rows of a file: what each is, under which title, section and header."""

    reading: CsvReading
    account: str | None = None
    symbol: str | None = None
    header: Header | None = None
    generation: str = ""
    blocks: dict[tuple[str, ...], Block] = field(default_factory=dict)
    totals: list[tuple[int, Header, str | None]] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    stated: dict[dt.date, dt.time | None] = field(default_factory=dict)
    is_every_account: bool = False
    is_titled: bool = False
    is_open: bool = False
    """A header of positions or lots has been read and its total not yet."""

    def run(self) -> None:
        """Look at every row once."""
        rows = self.reading.rows
        for position, cells in enumerate(rows.cells):
            first = cells[0].strip() if cells else ""
            if position in rows.cut_off:
                self.reading.reject(position, "the row ends inside a quoted cell: the file is cut off or a closing quote is missing")
                self.is_open = False
            elif self.header is not None and tuple(cells) == self.header.cells:
                self._start(position, self.header)
            elif not first and rows.is_blank(position):
                self.reading.structural()
            elif self._is_prose(cells):
                self._prose(position, first)
            elif self.header is not None and first.lower() in TOTAL_LINES:
                self.totals.append((position, self.header, self.account))
                self.is_open = False
            elif (header := self._header(cells)) is not None:
                check_header(header, self.reading.row_no(position))
                self._start(position, header)
            elif self.header is None:
                self.reading.structural()
            elif not self.reading.is_misshapen(position, self.header):
                self.blocks[self.header.cells].add(position, self.account)
            elif position == len(rows) - 1:
                # The reject says that the file is cut off; the missing total need not say it again.
                self.is_open = False
        if self.header is None:
            raise FileStopped(
                Check.FILE_OTHER_LAYOUT,
                f"no header of a {LAYOUT} file in {len(rows)} rows; check that the file is Schwab's CSV export and its feed the right one",
            )
        if self.is_open:
            raise FileStopped(
                Check.FILE_TRUNCATED,
                f"row {len(rows)}: the file ends without the total line that closes Schwab's {self.header.layout.kind}; fetch it again",
                len(rows),
            )

    def _header(self, cells: list[str]) -> Header | None:
        if self.header is not None and cells[0][:1] in "0123456789$-":
            return None
        return match_header(cells, SCHWAB, is_titled=self.is_titled)

    def _start(self, position: int, header: Header) -> None:
        """Begin a section under a header line."""
        if header.cells not in self.blocks:
            self.blocks[header.cells] = Block(header)
            self.reading.note_header(header)
            self.generation = self.generation or _generation(header)
        if self.account is None:
            self.account = file_names.account(self.reading.file.name, mask_only=False)
        if self.account not in self.accounts:
            self.accounts.append(self.account)
        self.header = header
        self.is_open = header.layout.kind in ("positions", "lots")
        self.reading.structural()

    def _is_prose(self, cells: list[str]) -> bool:
        """A title or section line: one filled cell that is no cash or total line."""
        return not any(cell.strip() for cell in cells[1:]) and cells[0].strip().lower() not in TOTAL_LINES

    def _prose(self, position: int, first: str) -> None:
        title = _TITLE.match(first)
        if title is not None:
            self.is_titled = True
            self._title(title)
        elif self.header is not None and not self._is_section(position):
            self.reading.is_misshapen(position, self.header)
            if position == len(self.reading.rows) - 1:
                self.is_open = False
            return
        elif self.is_titled:
            self.account = file_names.mask_in(first) or first
        self.reading.structural()

    def _is_section(self, position: int) -> bool:
        """A lone cell names a section if the next filled line is a header."""
        rows = self.reading.rows
        following = (i for i in range(position + 1, len(rows)) if not rows.is_blank(i))
        after = next(following, None)
        return after is not None and match_header(rows.cells[after], SCHWAB, is_titled=True) is not None

    def _title(self, title: re.Match[str]) -> None:
        self.symbol = (title["symbol"] or "").strip() or self.symbol
        rest = title["rest"]
        stated = _AS_OF.search(rest)
        if stated is not None and (found := cell_values.find_date(stated[1])) is not None:
            self.stated[found[0]] = cell_values.find_time(stated[1])
        named = _ACCOUNT.match(rest)
        label = named["label"].strip() if named is not None else ""
        if _EVERY_ACCOUNT.match(label):
            self.is_every_account = True
            self.account = None
        else:
            self.account = file_names.mask_in(label) or file_names.mask_in(self.reading.file.name) or label or None

    def result(self) -> ParsedFile:
        """Convert the blocks and totals, and put the file together."""
        assert self.header is not None
        as_of = max(self.stated) if self.stated else file_names.date_in(self.reading.file.name)
        time = self.stated.get(as_of) if as_of is not None else None
        for block in self.blocks.values():
            cells = BlockCells(self.reading, block)
            _TABLES[block.header.layout.kind](cells, as_of, time, self.symbol)
        for position, header, account in self.totals:
            self._total(position, header, account)
        kind = self.header.layout.kind
        subject = "" if self.is_every_account or len(self.accounts) != 1 else self.accounts[0]
        if kind == "lots":
            subject = f"{self.symbol or ''}|{subject}"
        return self.reading.finish(
            LAYOUT,
            f"{kind}-{self.generation}",
            self.fills_in_order(),
            subject=subject,
            as_of_date=as_of,
            as_of_time=time,
        )

    @staticmethod
    def fills_in_order() -> tuple[type[Contract], ...]:
        """Return the contracts in a fixed order."""
        return (Positions, CashBalances, TaxLots, Transactions, RealizedLots, ControlTotals)

    def _total(self, position: int, header: Header, account: str | None) -> None:
        """Keep a total line's figures; the realized file's are of columns that no total of ours counts."""
        wanted = {
            "positions": ((TotalKind.ACCOUNT_VALUE, "value", CURRENCY),),
            "lots": ((TotalKind.LOT_QTY, "quantity", None), (TotalKind.LOT_COST, "cost", CURRENCY)),
            "transactions": ((TotalKind.NET_AMOUNT, "amount", CURRENCY),),
        }.get(header.layout.kind, ())
        rows = []
        for kind, name, currency in wanted:
            stated = self._stated(position, header, name)
            if stated is None:
                continue
            rows.append(
                {
                    "row_no": self.reading.row_no(position),
                    "source_account": account,
                    "symbol": self.symbol if header.layout.kind == "lots" else None,
                    "total_kind": kind.value,
                    "currency": currency,
                    "stated": stated,
                }
            )
        if rows:
            self.reading.add_rows(ControlTotals, rows)
        elif wanted and header.layout.kind != "transactions":
            self.reading.reject(position, "the total line has no figure we can read", header.text_of(wanted[0][1]))
        else:
            self.reading.structural()

    def _stated(self, position: int, header: Header, name: str) -> Decimal | None:
        cells = self.reading.rows.cells[position]
        place = header.places[name]
        candidates = [cells[place]] if place < len(cells) else []
        if name == "amount":
            # Some exports put the figure a cell off; it is the line's only other filled cell.
            filled = [cell for cell in cells[1:] if cell.strip()]
            candidates = filled if len(filled) == 1 else candidates
        values, _, _ = cell_values.numbers(pl.Series(candidates, dtype=pl.String))
        found = values.drop_nulls().to_list()
        return found[0] if found else None


def _generation(header: Header) -> str:
    keys = [cell.strip().lower() for cell in header.cells if cell.strip()]
    for name, cells in header.layout.generations.items():
        if keys == [cell.lower() for cell in cells if cell]:
            return name
    return "unlisted"


def _common(cells: BlockCells, as_of: dt.date | None, time: dt.time | None) -> dict[str, object]:
    symbol = cells.text("symbol")
    return {
        "source_account": cells.account(),
        "as_of_date": pl.repeat(as_of, cells.height, dtype=pl.Date, eager=True),
        "as_of_time": pl.repeat(time, cells.height, dtype=pl.Time, eager=True),
        "symbol": symbol,
        "cusip": cell_values.mapped(symbol, lambda text: text if cell_values.is_cusip(text) else None, pl.String),
        "description": cells.text("description"),
        "currency": CURRENCY,
    }


def _positions(cells: BlockCells, as_of: dt.date | None, time: dt.time | None, _symbol: str | None) -> None:
    shared = _common(cells, as_of, time)
    symbol = cells.text("symbol")
    cells.refuse(symbol.is_null(), "symbol", "is empty")
    quantity, price, value = cells.number("quantity"), cells.number("price"), cells.number("value")
    is_cash = symbol.str.to_lowercase().is_in(list(CASH_LINES)) & quantity.is_null()
    cells.refuse(is_cash & value.is_null(), "value", "has no value where one is needed")
    is_option = symbol.str.contains(_OPTION.pattern)
    stated_type = cells.mapped("security_type", _asset_type)
    types = pl.DataFrame({"option": is_option, "stated": stated_type}).select(
        pl.when(pl.col("option")).then(pl.lit(AssetType.OPTION.value)).otherwise(pl.col("stated")).alias("type")
    )["type"]
    held = cells.frame(
        {
            **shared,
            "sub_account": SubAccount.CASH.value,
            "asset_type": types,
            "held_qty": quantity,
            "price_ccy": price,
            "price_date": pl.repeat(as_of, cells.height, dtype=pl.Date, eager=True),
            "value_ccy": value,
            "cost_ccy": cells.number("cost"),
            "accrued_ccy": cells.number("accrued"),
        },
        ~is_cash,
    )
    cash = cells.frame(
        {**shared, "symbol": None, "bucket": CashBucket.CORE.value, "amount_ccy": value},
        is_cash,
    )
    cells.reading.add_frame(Positions, held)
    cells.reading.add_frame(CashBalances, cash)


def _asset_type(text: str) -> str:
    lower = text.lower()
    return next((kind.value for word, kind in _ASSET_TYPES if word in lower), AssetType.OTHER.value)


def _lots(cells: BlockCells, as_of: dt.date | None, time: dt.time | None, symbol: str | None) -> None:
    shared = _common(cells, as_of, time)
    names = pl.repeat(symbol, cells.height, dtype=pl.String, eager=True)
    term = cells.text("term").str.to_lowercase()
    columns = {
        **shared,
        "symbol": names,
        "cusip": cell_values.mapped(names, lambda text: text if cell_values.is_cusip(text) else None, pl.String),
        "opened_date": cells.date("opened"),
        "held_qty": cells.number("quantity", is_needed=True),
        "price_ccy": cells.number("price"),
        "value_ccy": cells.number("value"),
        "cost_ccy": cells.number("cost"),
        "disallowed_loss_ccy": cells.number("disallowed"),
        "is_long_term": pl.DataFrame({"t": term}).select(
            pl.when(pl.col("t").str.starts_with("long")).then(True).when(pl.col("t").str.starts_with("short")).then(False)
        ).to_series(),
    }
    cells.reading.add_frame(TaxLots, cells.frame(columns))


def _transactions(cells: BlockCells, as_of: dt.date | None, time: dt.time | None, _symbol: str | None) -> None:
    shared = _common(cells, as_of, time)
    action = cells.text("action")
    cells.refuse(action.is_null(), "action", "is empty")
    dates = cell_values.mapped(cells.text("date"), _effective, pl.Date)
    cells.refuse(dates.is_null(), "date", "is not a date we can read")
    units, cash = cells.number("quantity"), cells.number("amount")
    kinds = transaction_words.settle_direction(transaction_words.by_word(transaction_words.SCHWAB_ACTIONS, action), cash, units)
    columns = {
        **shared,
        "trade_date": dates,
        "transaction_type": kinds,
        "raw_action": action,
        "traded_qty": transaction_words.signed_units(kinds, units),
        "price_ccy": cells.number("price"),
        "fees_ccy": cells.number("fees"),
        "net_cash_ccy": cash,
    }
    cells.reading.add_frame(Transactions, cells.frame(columns))


def _effective(text: str) -> dt.date | None:
    """Return the date an entry took effect: the one after "as of" where there are two."""
    second = _POSTED_AS_OF.match(text)
    if second is None:
        return cell_values.date_of_cell(text)
    first = cell_values.date_of_cell(text[: second.start(1)].lower().replace("as of", ""))
    return cell_values.date_of_cell(second[1]) if first is not None else None


def _realized(cells: BlockCells, as_of: dt.date | None, time: dt.time | None, _symbol: str | None) -> None:
    wash = cells.text("wash").str.to_lowercase()
    columns = {
        **_common(cells, as_of, time),
        "opened_date": cells.date("opened"),
        "closed_date": cells.date("closed", is_needed=True),
        "closed_qty": cells.number("quantity").abs(),
        "proceeds_ccy": cells.number("proceeds"),
        "cost_ccy": cells.number("cost"),
        "short_term_gain_ccy": cells.number("short_gain"),
        "long_term_gain_ccy": cells.number("long_gain"),
        "disallowed_loss_ccy": cells.number("disallowed").abs(),
        "is_wash_sale": wash.replace_strict({"yes": True, "y": True, "no": False, "n": False}, default=None, return_dtype=pl.Boolean),
    }
    cells.reading.add_frame(RealizedLots, cells.frame(columns))


_TABLES = {"positions": _positions, "lots": _lots, "transactions": _transactions, "realized": _realized}
