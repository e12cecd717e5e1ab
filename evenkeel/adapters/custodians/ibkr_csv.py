"""Interactive Brokers' CSV files: Transaction History (sections with Header and Data lines) and Flex queries as CSV.

What a file says and where it goes:

* Transaction History: the last day of `Period` is the as-of date, with the time of `WhenGenerated` where that is the same day.
  Money is in the summary's base currency. `Change` and `Ending Cash` are control totals; what no table covers (other sections, the
  starting cash) is kept as it is in `other_rows`, without account columns.
* Flex CSV: header and data lines, with or without the frame of BOF, BOS, HEADER, DATA, EOS, EOF lines; an EOS line's count is a
  control total. The trade date is that of `Date/Time` where there is one, else the report date, else the settlement date.
* Without an account column the account is the file's name without ending and date stamp, for the alias table to map.
* Commission is sent as negative cash and becomes a cost above zero. An ISIN in brackets after the symbol, as IBKR begins a dividend's
  description (`VT(US9220427424) Cash Dividend`), is taken for the security's.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass, field, replace

import polars as pl

from data_contracts.contract import Contract
from data_contracts.control_totals import ControlTotals
from data_contracts.other_rows import OtherRows
from data_contracts.transactions import Transactions
from data_contracts.vocab import Check, TotalKind
from evenkeel.adapters.custodians import cell_values, file_names, transaction_words
from evenkeel.adapters.custodians.csv_tables import (
    CUT_OFF,
    Block,
    BlockCells,
    Context,
    CsvReading,
    Header,
    check_header,
    generation_of,
    match_header,
)
from evenkeel.adapters.custodians.layouts_others import IBKR_FLEX, IBKR_FLEX_CASH, IBKR_HISTORY
from evenkeel.adapters.custodians.text_file import MAX_BYTES, decode, read_rows
from evenkeel.errors import FileStopped
from evenkeel.ports import ParsedFile, RawFile

LAYOUT = "ibkr_csv"
TABLE_ORDER = (Transactions, ControlTotals, OtherRows)
_FRAME = ("BOF", "BOA", "BOS", "EOS", "EOA", "EOF")
_SECURITY = re.compile(r"^\s*([^()]+?)\s*\((?:([A-Z]{2}[A-Z0-9]{9}\d)|\d+)\)")
_FIGURES = {"change": TotalKind.NET_AMOUNT, "ending cash": TotalKind.CASH_VALUE}
_PERSONAL = ("account", "name", "alias")


class IbkrCsv:
    """Reads IBKR's CSV files: a history by its sections, a Flex query by its header."""

    layout = LAYOUT
    fills: frozenset[type[Contract]] = frozenset(TABLE_ORDER)
    max_bytes = MAX_BYTES

    def recognises(self, file_name: str, head: bytes) -> bool:
        """Tell from the head whether it has the history's section or a Flex header."""
        try:
            text, _ = decode(head, is_head=True)
        except FileStopped:
            return False
        rows = read_rows(text).cells
        return any(_is_history_line(cells) or _flex_header(cells) is not None for cells in rows)

    def parse(self, file: RawFile) -> ParsedFile:
        """Read a file. Accounts are as the file has them; rows that cannot be read are rejects.

        Raises:
            FileStopped: Empty, not text, neither a history nor a Flex query, or with a needed column missing.
        """
        reading = CsvReading(file)
        if any(_is_history_line(cells) for cells in reading.rows.cells):
            return _History(reading).read()
        return _Flex(reading).read()


def _is_history_line(cells: list[str]) -> bool:
    texts = [cell.strip().lower() for cell in cells[:4]]
    return texts[:2] == ["transaction history", "header"] or texts == [
        "statement",
        "data",
        "title",
        "transaction history",
    ]


def _flex_header(cells: list[str]) -> Header | None:
    header = match_header(cells, IBKR_FLEX)
    # `BOS`-framed files put two cells before the columns; an empty history must not look like one.
    return header if header is not None and cells[0].strip() not in _FRAME else None


@dataclass
class _History:
    """A Transaction History: lines of `section,Header|Data,...`."""

    reading: CsvReading
    names: dict[str, list[str]] = field(default_factory=dict)
    currency: str | None = None
    context: Context = field(default_factory=Context)
    generated: str = ""
    figures: list[tuple[int, TotalKind, str]] = field(default_factory=list)
    block: Block | None = None

    def read(self) -> ParsedFile:
        """Walk the lines and convert them."""
        rows = self.reading.rows
        for position, cells in enumerate(rows.cells):
            if position in rows.cut_off:
                self.reading.reject(position, CUT_OFF)
            elif not cells or rows.is_blank(position):
                self.reading.structural()
            elif len(cells) < 3:
                self.reading.reject(
                    position, f"the row has {len(cells)} cells where a section's line has more: it is cut off"
                )
            else:
                self._line(position, cells[0].strip().lower(), cells[1].strip().lower(), cells)
        self._dates()
        if self.block is not None:
            self._transactions(BlockCells(self.reading, self.block, [self.context]))
        self._totals()
        generation = generation_of(self.block.header) if self.block is not None else "unlisted"
        parsed = self.reading.finish(
            LAYOUT,
            f"transaction_history-{generation}",
            TABLE_ORDER,
            as_of_date=self.context.as_of_date,
            as_of_time=self.context.as_of_time,
        )
        return _with_subject(parsed)

    def _line(self, position: int, section: str, kind: str, cells: list[str]) -> None:
        if section == "transaction history" and kind == "header":
            self._header(position, cells)
        elif section == "transaction history" and kind == "data" and self.block is not None:
            if not self.reading.is_misshapen(position, self.block.header):
                self.block.add(position)
        elif kind == "header":
            self.names[section] = [cell.strip() for cell in cells[2:]]
            self.reading.structural()
        elif kind != "data":
            self.reading.reject(position, "the second cell is neither Header nor Data")
        elif section == "statement":
            self._statement(cells)
            self.reading.structural()
        elif section == "summary":
            self._summary(position, cells)
        else:
            self._keep(position, cells)

    def _header(self, position: int, cells: list[str]) -> None:
        header = match_header(["", "", *cells[2:]], [IBKR_HISTORY], is_titled=True)
        if header is None:
            raise FileStopped(
                Check.FILE_COLUMNS,
                f"row {self.reading.row_no(position)}: none of the columns of a transaction history; seen: {', '.join(cells[2:])}; "
                "export the Transaction History again",
                self.reading.row_no(position),
            )
        check_header(header, self.reading.row_no(position))
        self.reading.note_header(header)
        if self.block is not None and self.block.header != header:
            raise FileStopped(
                Check.FILE_COLUMNS,
                f"row {self.reading.row_no(position)}: a second transaction header with other columns; export one history a file",
                self.reading.row_no(position),
            )
        self.block = self.block or Block(header)
        self.reading.structural()

    def _statement(self, cells: list[str]) -> None:
        name, text = cells[2].strip().lower(), ",".join(cells[3:])
        if name == "period":
            self.context = Context(as_of_date=self._last_date(text))
        elif name == "whengenerated":
            self.generated = text

    @staticmethod
    def _last_date(text: str) -> dt.date | None:
        last: dt.date | None = None
        while (found := cell_values.find_date(text)) is not None:
            last, text = found[0], text[found[1] :]
        return last

    def _dates(self) -> None:
        made = cell_values.find_date(self.generated)
        as_of = self.context.as_of_date or (made[0] if made is not None else None)
        is_same_day = made is not None and made[0] == as_of
        time = cell_values.find_time(self.generated[made[1] :]) if made is not None and is_same_day else None
        self.context = Context(file_names.account(self.reading.file.name), None, as_of, time)

    def _summary(self, position: int, cells: list[str]) -> None:
        name, text = cells[2].strip(), cells[3].strip() if len(cells) > 3 else ""
        if name.lower() == "base currency":
            self.currency = text or None
            self.reading.structural()
        elif name.lower() in _FIGURES:
            self.figures.append((position, _FIGURES[name.lower()], text))
        else:
            self._keep(position, cells)

    def _keep(self, position: int, cells: list[str]) -> None:
        """Keep a record that no table covers, its account columns left out."""
        section = cells[0].strip()
        names = self.names.get(section.lower(), [])
        values = [cell.strip() for cell in cells[2:]]
        if names[:2] == ["Field Name", "Field Value"]:
            fields = {values[0]: values[1] if len(values) > 1 else ""}
        else:
            fields = {names[i] if i < len(names) and names[i] else f"cell {i + 1}": v for i, v in enumerate(values)}
        kept = {name: text for name, text in fields.items() if not any(word in name.lower() for word in _PERSONAL)}
        row = {
            "row_no": self.reading.row_no(position),
            "section": section,
            "payload_json": json.dumps(kept, ensure_ascii=False),
        }
        self.reading.add_rows(OtherRows, [row])

    def _totals(self) -> None:
        for position, kind, text in self.figures:
            values, _, _ = cell_values.numbers(pl.Series([text], dtype=pl.String))
            if values[0] is None:
                self.reading.reject(position, "the figure is not a number we can read", "Field Value")
                continue
            total = {
                "row_no": self.reading.row_no(position),
                "total_kind": kind.value,
                "currency": self.currency,
                "stated": values[0],
            }
            self.reading.add_rows(ControlTotals, [total])

    def _transactions(self, cells: BlockCells) -> None:
        if self.currency is None and cells.height:
            raise FileStopped(
                Check.FILE_TRUNCATED,
                "the summary names no base currency, so the amounts have none; export the Transaction History whole",
            )
        account = cells.text("account")
        cells.refuse(account.is_null(), "account", "is empty")
        _add_transactions(cells, account, cells.same(self.currency, pl.String))


@dataclass
class _Flex:
    """A Flex query as CSV: one header, data lines, and perhaps a frame around them."""

    reading: CsvReading
    block: Block | None = None
    counts: list[tuple[int, str]] = field(default_factory=list)

    def read(self) -> ParsedFile:
        """Walk the lines and convert them.

        Raises:
            FileStopped: There is no header, or it lacks a column.
        """
        rows = self.reading.rows
        blocks: dict[tuple[str, ...], Block] = {}
        for position, cells in enumerate(rows.cells):
            first = cells[0].strip() if cells else ""
            if position in rows.cut_off:
                self.reading.reject(position, CUT_OFF)
            elif not cells or rows.is_blank(position):
                self.reading.structural()
            elif first == "EOS" and len(cells) > 2:
                self.counts.append((position, cells[2]))
            elif first in _FRAME:
                self.reading.structural()
            elif (header := _flex_header(cells)) is not None:
                if header.cells not in blocks:
                    check_header(header, self.reading.row_no(position))
                    blocks[header.cells] = Block(header)
                    self.reading.note_header(header)
                self.block = blocks[header.cells]
                self.reading.structural()
            elif self.block is None:
                self.reading.before_header(position)
            elif not self.reading.is_misshapen(position, self.block.header):
                self.block.add(position)
        if self.block is None:
            raise FileStopped(
                Check.FILE_OTHER_LAYOUT,
                f"no header of a {LAYOUT} table in {len(rows)} rows; check that it is IBKR's Transaction History or Flex CSV "
                "and in the right feed",
            )
        name = self.reading.file.name
        context = Context(file_names.account(name), None, file_names.date_in(name))
        for block in blocks.values():
            data = BlockCells(self.reading, block, [context])
            account = data.text("account")
            if "account" in block.header.places:
                data.refuse(account.is_null(), "account", "is empty")
            currency = data.text("currency")
            data.refuse(currency.is_null(), "currency", "is empty")
            _add_transactions(data, account.fill_null(data.context("account")), currency)
        self._totals()
        header = self.block.header
        parsed = self.reading.finish(
            LAYOUT, f"{header.layout.kind}-{generation_of(header)}", TABLE_ORDER, as_of_date=context.as_of_date
        )
        return _with_subject(parsed)

    def _totals(self) -> None:
        for position, text in self.counts:
            values, _, _ = cell_values.numbers(pl.Series([text], dtype=pl.String))
            if values[0] is None:
                self.reading.structural()
                continue
            total = {
                "row_no": self.reading.row_no(position),
                "total_kind": TotalKind.ROW_COUNT.value,
                "stated": values[0],
            }
            self.reading.add_rows(ControlTotals, [total])


def _add_transactions(cells: BlockCells, account: pl.Series, currency: pl.Series) -> None:
    action, description = cells.text("action"), cells.text("description")
    cells.refuse(action.is_null(), "action", "is empty")
    is_cash = cells.block.header.layout is IBKR_FLEX_CASH
    units = cells.number("quantity")
    cash = cells.number("amount", is_needed=is_cash)
    kinds = transaction_words.by_word(transaction_words.IBKR_TYPES, action)
    kinds = transaction_words.settle_direction(kinds, cash, units)
    fees = cells.number("fees")
    if "fees_currency" in cells.block.header.places:
        # A commission in another currency is no fee in the row's: left out of the figure, it stays in the archived file.
        is_other = (cells.text("fees_currency") != currency).fill_null(False)
        fees = cells.same(None, fees.dtype).zip_with(is_other, fees)
        if is_other.any():
            cells.reading.notes.append(
                f"{is_other.sum()} commissions are in another currency than their row and are left out"
            )
    columns = {
        "source_account": account,
        "source_transaction_id": cells.text("transaction_id"),
        "as_of_date": cells.context("as_of_date"),
        "as_of_time": cells.context("as_of_time"),
        "symbol": cells.text("symbol").fill_null(cell_values.mapped(description, lambda t: _named(t, 1), pl.String)),
        "isin": cells.text("isin").fill_null(cell_values.mapped(description, lambda t: _named(t, 2), pl.String)),
        "cusip": cells.text("cusip"),
        "native_id": cells.text("native_id"),
        "description": description,
        "trade_date": cells.date("date", is_needed=True),
        "settle_date": cells.date("settled"),
        "transaction_type": kinds,
        "raw_action": action,
        "currency": currency,
        "traded_qty": transaction_words.signed_units(kinds, units),
        "price_ccy": cells.number("price"),
        "fees_ccy": -fees,
        "net_cash_ccy": cash,
    }
    cells.reading.add_frame(Transactions, cells.frame(columns))


def _named(description: str, part: int) -> str | None:
    """Return symbol (1) or ISIN (2) of a description that begins with `VT(US9220427424)`."""
    found = _SECURITY.match(description)
    return found[part] if found is not None else None


def _with_subject(parsed: ParsedFile) -> ParsedFile:
    """A file about one account replaces one about that account; a file about several stands for the whole feed."""
    frame = parsed.tables.get(Transactions)
    accounts = frame["source_account"].unique().to_list() if frame is not None else []
    return replace(parsed, subject=accounts[0] or "") if len(accounts) == 1 else parsed
